// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Contracted dims, ranks and attributes of contractions.
// CHECK: strides has 1 values, expected 2
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: strides are positive, got [0, 1]
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w {strides = array<i64: 0, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: conv input channels differ from weight channels * group: 8 and 16
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: bias and output channels differ: 5 and 4
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>, tensor<5xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: weight has rank 2, expected 4
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x8x6x6xf32>, tensor<4x3xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: result dim 2 is 5, expected 4
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x4x5x4xf32>
  func.return
}
// -----
// CHECK: the window is larger than the padded input
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 4, 1>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x4x4x4xf32>
  func.return
}
// -----
// CHECK: conv_transpose input channels differ from the weight's: 8 and 4
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<2x8x6x6xf32>, tensor<4x8x3x3xf32>) -> tensor<2x8x8x8xf32>
  func.return
}
// -----
// CHECK: matmul contracts dims that differ: 3 and 4
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.matmul %m, %m : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  func.return
}
// -----
// CHECK: matmul operands have rank 2 or more
func.func @f(%x: tensor<2x8x6x6xf32>, %w: tensor<4x8x3x3xf32>, %b: tensor<5xf32>, %m: tensor<4x3xf32>, %v: tensor<4xf32>) {
  %r = graph.matmul %m, %v : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
