// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_matmul(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: arith.cmpi eq
  // CHECK: arith.ori
  // CHECK: scf.if
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_matmul(%a: tensor<?x1x?x16xf32, #graph.tensor<["n", 1, "m", 16]>>, %k: tensor<12x32x16xf32>) -> tensor<?x12x?x32xf32, #graph.tensor<["n", 12, "m", 32]>> attributes {kernel.kind = "kernel"} {
    %r = graph.matmul %a, %k {transpose_rhs = true} : (tensor<?x1x?x16xf32, #graph.tensor<["n", 1, "m", 16]>>, tensor<12x32x16xf32>) -> tensor<?x12x?x32xf32, #graph.tensor<["n", 12, "m", 32]>>
    func.return %r : tensor<?x12x?x32xf32, #graph.tensor<["n", 12, "m", 32]>>
  }
  // CHECK-LABEL: func.func @tw_conv(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: arith.mulf
  // CHECK: memref.store
  func.func private @tw_conv(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %w: tensor<4x8x3x3xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>> attributes {kernel.kind = "kernel"} {
    %r = graph.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
    func.return %r : tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  }
  // CHECK-LABEL: func.func @tw_conv_transpose(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: arith.cmpi eq
  // CHECK: arith.cmpi sge
  // CHECK: arith.cmpi eq
  // CHECK: arith.cmpi sge
  // CHECK: memref.store
  func.func private @tw_conv_transpose(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %wt: tensor<8x4x2x2xf32>, %b: tensor<4xf32>) -> tensor<?x4x12x13xf32, #graph.tensor<["n", 4, 12, 13]>> attributes {kernel.kind = "kernel"} {
    %r = graph.conv_transpose %x, %wt, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8x4x2x2xf32>, tensor<4xf32>) -> tensor<?x4x12x13xf32, #graph.tensor<["n", 4, 12, 13]>>
    func.return %r : tensor<?x4x12x13xf32, #graph.tensor<["n", 4, 12, 13]>>
  }
}
