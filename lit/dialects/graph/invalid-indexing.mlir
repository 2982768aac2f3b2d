// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Index tensors, their tuples and the updates.
// CHECK: indices are integers, got f32
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.gather %x, %f : (tensor<2x3x4xf32>, tensor<5x2xf32>) -> tensor<5x2x3x4xf32>
  func.return
}
// -----
// CHECK: axis 3 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.gather %x, %i {axis = 3 : i64} : (tensor<2x3x4xf32>, tensor<5x2xsi64>) -> tensor<5x2x3x4xf32>
  func.return
}
// -----
// CHECK: indices have the rank of x
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.gather_elements %x, %i : (tensor<2x3x4xf32>, tensor<5x2xsi64>) -> tensor<5x2xf32>
  func.return
}
// -----
// CHECK: index tuples of 4 after 0 batch dims address rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.gather_nd %x, %j : (tensor<2x3x4xf32>, tensor<5x4xsi64>) -> tensor<5xf32>
  func.return
}
// -----
// CHECK: indices have the rank of x
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.scatter_elements %x, %i, %u : (tensor<2x3x4xf32>, tensor<5x2xsi64>, tensor<5x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: reduction is one of none, add, mul, max, min; got 'xor'
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.scatter_nd %x, %i, %u {reduction = "xor"} : (tensor<2x3x4xf32>, tensor<5x2xsi64>, tensor<5x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: updates differ in dim 1: 2 and 4
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.scatter_nd %x, %i, %f : (tensor<2x3x4xf32>, tensor<5x2xsi64>, tensor<5x2xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: values holds off and on
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.one_hot %i, %s, %u {axis = 0 : i64} : (tensor<5x2xsi64>, tensor<si64>, tensor<5x4xf32>) -> tensor<7x5x2xf32>
  func.return
}
// -----
// CHECK: axis 4 is out of range for rank 3
func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<5x2xsi64>, %f: tensor<5x2xf32>, %u: tensor<5x4xf32>, %j: tensor<5x4xsi64>, %s: tensor<si64>) {
  %r = graph.one_hot %i, %s, %f {axis = 4 : i64} : (tensor<5x2xsi64>, tensor<si64>, tensor<5x2xf32>) -> tensor<7x5x2xf32>
  func.return
}
