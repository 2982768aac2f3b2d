// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_pool(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpf
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: arith.cmpf ogt
  // CHECK: memref.store
  func.func private @tw_pool(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xf32, #graph.tensor<["n", 8, 2, 2]>> attributes {kernel.kind = "kernel"} {
    %r = graph.pool %x {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xf32, #graph.tensor<["n", 8, 2, 2]>>
    func.return %r : tensor<?x8x2x2xf32, #graph.tensor<["n", 8, 2, 2]>>
  }
  // CHECK-LABEL: func.func @tw_arg_pool(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpi slt
  // CHECK: memref.store
  func.func private @tw_arg_pool(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xsi64, #graph.tensor<["n", 8, 2, 2]>> attributes {kernel.kind = "kernel"} {
    %r = graph.arg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, column_major = true} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xsi64, #graph.tensor<["n", 8, 2, 2]>>
    func.return %r : tensor<?x8x2x2xsi64, #graph.tensor<["n", 8, 2, 2]>>
  }
  // CHECK-LABEL: func.func @tw_lrn(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: arith.mulf
  // CHECK: arith.mulf
  // CHECK: memref.store
  func.func private @tw_lrn(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.lrn %x {size = 5 : i64, alpha = 5.000000e-01 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
    func.return %r : tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  }
}
