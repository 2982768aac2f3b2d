// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_reduce(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: arith.addf
  // CHECK: memref.store
  func.func private @tw_reduce(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<6xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.reduce %x {kind = "sum", axes = array<i64: 0, 2>, keepdims = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<6xf32>
    func.return %r : tensor<6xf32>
  }
  // CHECK-LABEL: func.func @tw_arg_reduce(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi sge
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_arg_reduce(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x4xsi64, #graph.tensor<["n", 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.arg_reduce %x {kind = "max", axis = 1 : i64, keepdims = false, select_last_index = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x4xsi64, #graph.tensor<["n", 4]>>
    func.return %r : tensor<?x4xsi64, #graph.tensor<["n", 4]>>
  }
  // CHECK-LABEL: func.func @tw_softmax(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: arith.cmpf ogt
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_softmax(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.softmax %x {axis = 2 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_log_softmax(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi sge
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_log_softmax(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.log_softmax %x {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_cumsum(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi sge
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_cumsum(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.cumsum %x {axis = 0 : i64, exclusive = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_cumprod(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi sge
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_cumprod(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.cumprod %x {axis = 0 : i64, reverse = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_top_k(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_top_k(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> (tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<?x3x4xsi64, #graph.tensor<["n", 3, 4]>>) attributes {kernel.kind = "kernel"} {
    %r:2 = graph.top_k %x {k = #graph.dim<3>, axis = 1 : i64, largest = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> (tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<?x3x4xsi64, #graph.tensor<["n", 3, 4]>>)
    func.return %r#0, %r#1 : tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<?x3x4xsi64, #graph.tensor<["n", 3, 4]>>
  }
}
