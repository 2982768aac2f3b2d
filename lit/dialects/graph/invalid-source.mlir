// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Constants and shapes.
// CHECK: value is a weight or a dense tensor, got 1 : i64
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.constant 1 : i64 : tensor<2xf32>
  func.return
}
// -----
// CHECK: result dim 0 is 3, expected 2
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.constant dense<1.0> : tensor<2xf32> : tensor<3xf32>
  func.return
}
// -----
// CHECK: result dim 0 is 3, expected 2
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.dims <[1, 2]> : tensor<3xsi64>
  func.return
}
// -----
// CHECK: a scalar is one dim, got 2
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.dims <[1, 2]> {scalar = true} : tensor<si64>
  func.return
}
// -----
// CHECK: result dim 0 is 2, expected 1
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.shape %x : (tensor<4xf32>) -> tensor<2xsi64>
  func.return
}
// -----
// CHECK: range operands are scalars
func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  %r = graph.range %x, %s, %s : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: 1 symbols for the elements of tensor<2xsi64>; expected as many si64
func.func @f(%x: tensor<2xsi64>) {
  graph.bind %x to ["s0"] : tensor<2xsi64>
  func.return
}
// -----
// CHECK: 2 symbols for the elements of tensor<2xf32>; expected as many si64
func.func @f(%x: tensor<2xf32>) {
  graph.bind %x to ["s0", "s1"] : tensor<2xf32>
  func.return
}
