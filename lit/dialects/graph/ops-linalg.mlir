// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Contractions; bytes accumulate in si32.
// CHECK-LABEL: func.func @linalg
func.func @linalg(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %w: tensor<4x8x3x3xf32>, %g: tensor<8x1x3x3xf32>, %wt: tensor<8x4x2x2xf32>, %b: tensor<4xf32>, %a: tensor<?x1x?x16xf32, #graph.tensor<["n", 1, "m", 16]>>, %k: tensor<12x32x16xf32>, %q: tensor<4x16xui8>, %r: tensor<16x5xsi8>) {
  // CHECK: %conv = graph.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  %conv = graph.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  // CHECK: %bias = graph.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>, tensor<4xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  %bias = graph.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>, tensor<4xf32>) -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  // CHECK: %depthwise = graph.conv %x, %g {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 8 : i64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8x1x3x3xf32>) -> tensor<?x8x3x3xf32, #graph.tensor<["n", 8, 3, 3]>>
  %depthwise = graph.conv %x, %g {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 8 : i64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8x1x3x3xf32>) -> tensor<?x8x3x3xf32, #graph.tensor<["n", 8, 3, 3]>>
  // CHECK: %up = graph.conv_transpose %x, %wt, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8x4x2x2xf32>, tensor<4xf32>) -> tensor<?x4x12x13xf32, #graph.tensor<["n", 4, 12, 13]>>
  %up = graph.conv_transpose %x, %wt, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8x4x2x2xf32>, tensor<4xf32>) -> tensor<?x4x12x13xf32, #graph.tensor<["n", 4, 12, 13]>>
  // CHECK: %matmul = graph.matmul %a, %k {transpose_rhs = true} : (tensor<?x1x?x16xf32, #graph.tensor<["n", 1, "m", 16]>>, tensor<12x32x16xf32>) -> tensor<?x12x?x32xf32, #graph.tensor<["n", 12, "m", 32]>>
  %matmul = graph.matmul %a, %k {transpose_rhs = true} : (tensor<?x1x?x16xf32, #graph.tensor<["n", 1, "m", 16]>>, tensor<12x32x16xf32>) -> tensor<?x12x?x32xf32, #graph.tensor<["n", 12, "m", 32]>>
  // CHECK: %bytes = graph.matmul %q, %r : (tensor<4x16xui8>, tensor<16x5xsi8>) -> tensor<4x5xsi32>
  %bytes = graph.matmul %q, %r : (tensor<4x16xui8>, tensor<16x5xsi8>) -> tensor<4x5xsi32>
  func.return
}
