// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Axes and kinds.
// CHECK: kind is one of sum, mean, max, min, prod, l1, l2, log_sum, log_sum_exp, sum_square; got 'median'
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.reduce %x {kind = "median", axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  func.return
}
// -----
// CHECK: axis 3 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.reduce %x {kind = "sum", axes = array<i64: 3>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  func.return
}
// -----
// CHECK: axes are sorted and distinct, got [1, 0]
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.reduce %x {kind = "sum", axes = array<i64: 1, 0>} : (tensor<2x3x4xf32>) -> tensor<1x1x4xf32>
  func.return
}
// -----
// CHECK: result has rank 3, expected 2
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.reduce %x {kind = "sum", axes = array<i64: 1>, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  func.return
}
// -----
// CHECK: kind is one of max, min; got 'sum'
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.arg_reduce %x {kind = "sum", axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x1x4xsi64>
  func.return
}
// -----
// CHECK: result element type is f32, expected si64
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.arg_reduce %x {kind = "max", axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  func.return
}
// -----
// CHECK: axis -1 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.softmax %x {axis = -1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: graph.log_softmax takes float elements, got si32
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.log_softmax %i {axis = 0 : i64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: axis 4 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.cumprod %x {axis = 4 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: axis 5 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %r = graph.cumsum %x {axis = 5 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: k is 5 of 3 elements
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<4xsi32>) {
  %v, %j = graph.top_k %x {k = #graph.dim<5>, axis = 1 : i64} : (tensor<2x3x4xf32>) -> (tensor<2x5x4xf32>, tensor<2x5x4xsi64>)
  func.return
}
