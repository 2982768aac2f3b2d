// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Permutations, sizes and ranges.
// CHECK: perm [0, 2, 2] is not a permutation of 3 dims
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.transpose %x {perm = array<i64: 0, 2, 2>} : (tensor<2x3x4xf32>) -> tensor<2x4x4xf32>
  func.return
}
// -----
// CHECK: result dim 1 is 3, expected 4
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: reshape changes the number of elements: 24 and 25
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<5x5xf32>
  func.return
}
// -----
// CHECK: result element type is f64, expected f32
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<24xf64>
  func.return
}
// -----
// CHECK: x does not broadcast to the result
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.broadcast %x : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  func.return
}
// -----
// CHECK: slice of dim 1 reads index 3 of 3
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.slice %x {starts = #graph.dims<[0, 1, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: starts has 2 dims, expected 3
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.slice %x {starts = #graph.dims<[0, 1]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: step of dim 1 is zero
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.slice %x {starts = #graph.dims<[0, 0, 0]>, steps = #graph.dims<[1, 0, 1]>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: concat operands differ in dim 2: 4 and 3
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.concat %x, %y {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x5x3xf32>) -> tensor<2x8x4xf32>
  func.return
}
// -----
// CHECK: mode is one of constant, reflect, edge, wrap; got 'mirror'
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.pad %x {low = #graph.dims<[0, 0, 0]>, high = #graph.dims<[0, 0, 0]>, mode = "mirror"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: padding crops more than there is
func.func @f(%x: tensor<2x3x4xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  %r = graph.pad %x {low = #graph.dims<[0, -4, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
