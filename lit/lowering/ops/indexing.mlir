// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_gather(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.cmpi slt
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_gather(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %i: tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x?x2x4xf32, #graph.tensor<["n", "m", 2, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.gather %x, %i {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x?x2x4xf32, #graph.tensor<["n", "m", 2, 4]>>
    func.return %r : tensor<?x?x2x4xf32, #graph.tensor<["n", "m", 2, 4]>>
  }
  // CHECK-LABEL: func.func @tw_gather_elements(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.cmpi slt
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_gather_elements(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %e: tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>) -> tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.gather_elements %x, %e {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>) -> tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>
    func.return %r : tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>
  }
  // CHECK-LABEL: func.func @tw_gather_nd(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.cmpi slt
  // CHECK: memref.load
  // CHECK: arith.cmpi slt
  // CHECK: scf.if
  // CHECK: vector.store
  func.func private @tw_gather_nd(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %i: tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x4xf32, #graph.tensor<["m", 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.gather_nd %x, %i : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x4xf32, #graph.tensor<["m", 4]>>
    func.return %r : tensor<?x4xf32, #graph.tensor<["m", 4]>>
  }
  // CHECK-LABEL: func.func @tw_scatter_elements(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_scatter_elements(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %e: tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>, %u: tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.scatter_elements %x, %e, %u {axis = 1 : i64, reduction = "add"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>, tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_scatter_nd(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: arith.cmpi sle
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_scatter_nd(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %i: tensor<?x2xsi64, #graph.tensor<["m", 2]>>, %w: tensor<?x4xf32, #graph.tensor<["m", 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.scatter_nd %x, %i, %w : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<?x4xf32, #graph.tensor<["m", 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_one_hot(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.cmpi slt
  // CHECK: arith.cmpi eq
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_one_hot(%i: tensor<?x2xsi64, #graph.tensor<["m", 2]>>, %d: tensor<si64>, %v: tensor<2xf32>) -> tensor<?x2x10xf32, #graph.tensor<["m", 2, 10]>> attributes {kernel.kind = "kernel"} {
    %r = graph.one_hot %i, %d, %v {axis = 2 : i64} : (tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<si64>, tensor<2xf32>) -> tensor<?x2x10xf32, #graph.tensor<["m", 2, 10]>>
    func.return %r : tensor<?x2x10xf32, #graph.tensor<["m", 2, 10]>>
  }
}
