// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Kinds, ranks and attributes of sliding windows.
// CHECK: kind is one of max, average, lp; got 'median'
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.pool %x {kind = "median", strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>} : (tensor<2x8x6x6xf32>) -> tensor<2x8x5x5xf32>
  func.return
}
// -----
// CHECK: kernel has 1 values, expected 2
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.pool %x {kind = "max", strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, kernel = array<i64: 2>} : (tensor<2x8x6x6xf32>) -> tensor<2x8x5x5xf32>
  func.return
}
// -----
// CHECK: the window is larger than the padded input
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.pool %x {kind = "max", strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 9>} : (tensor<2x8x6x6xf32>) -> tensor<2x8x5x5xf32>
  func.return
}
// -----
// CHECK: x has rank 2, expected 3 or more
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.pool %m {kind = "max", strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  func.return
}
// -----
// CHECK: size is positive
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.lrn %x {size = 0 : i64, alpha = 0.5, beta = 0.5, bias = 1.0} : (tensor<2x8x6x6xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: kernel has 1 values, expected 2
func.func @f(%x: tensor<2x8x6x6xf32>, %m: tensor<4x3xf32>) {
  %r = graph.arg_pool %x {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, kernel = array<i64: 2>} : (tensor<2x8x6x6xf32>) -> tensor<2x8x5x5xsi64>
  func.return
}
