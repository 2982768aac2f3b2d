// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_batch_norm(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.addf
  // CHECK: math.sqrt
  // CHECK: memref.load
  // CHECK: arith.subf
  // CHECK: memref.store
  func.func private @tw_batch_norm(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %c: tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.batch_norm %x, %c, %c, %c, %c {epsilon = 1.000000e-03 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
  // CHECK-LABEL: func.func @tw_layer_norm(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: arith.addf
  // CHECK: arith.divf
  // CHECK: scf.for
  // CHECK: memref.store
  func.func private @tw_layer_norm(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %s: tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.layer_norm %x, %s, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
  // CHECK-LABEL: func.func @tw_rms_norm(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: arith.mulf
  // CHECK: arith.divf
  // CHECK: math.sqrt
  // CHECK: memref.store
  func.func private @tw_rms_norm(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %s: tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.rms_norm %x, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
  // CHECK-LABEL: func.func @tw_instance_norm(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.addf
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_instance_norm(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %c: tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.instance_norm %x, %c, %c {epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
  // CHECK-LABEL: func.func @tw_group_norm(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.addf
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: vector.store
  func.func private @tw_group_norm(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %c: tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.group_norm %x, %c, %c {groups = 4 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
  // CHECK-LABEL: func.func @tw_lp_normalize(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi sge
  // CHECK: scf.if
  // CHECK: vector.store
  func.func private @tw_lp_normalize(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.lp_normalize %x {axis = 1 : i64, p = 1 : i64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
}
