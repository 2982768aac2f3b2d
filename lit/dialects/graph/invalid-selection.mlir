// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: x is a matrix, got rank 1
func.func @f(%x: tensor<4xf32>) {
  %r = graph.sort_rows %x : (tensor<4xf32>) -> tensor<4xsi64>
  func.return
}
// -----
// CHECK: result dim 0 is 3, expected 4
func.func @f(%x: tensor<4x3xf32>) {
  %r = graph.sort_rows %x : (tensor<4x3xf32>) -> tensor<3xsi64>
  func.return
}
// -----
// CHECK: a box has 4 numbers: 5 and 4
func.func @f(%x: tensor<1x9x5xf32>, %c: tensor<1x2x9xsi64>, %l: tensor<si64>, %t: tensor<f32>) {
  %r = graph.suppress %x, %c, %l, %t : (tensor<1x9x5xf32>, tensor<1x2x9xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
  func.return
}
// -----
// CHECK: boxes and candidates differ in boxes: 9 and 8
func.func @f(%x: tensor<1x9x4xf32>, %c: tensor<1x2x8xsi64>, %l: tensor<si64>, %t: tensor<f32>) {
  %r = graph.suppress %x, %c, %l, %t : (tensor<1x9x4xf32>, tensor<1x2x8xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x8xsi64>
  func.return
}
// -----
// CHECK: candidates and limit are si64
func.func @f(%x: tensor<1x9x4xf32>, %c: tensor<1x2x9xsi32>, %l: tensor<si64>, %t: tensor<f32>) {
  %r = graph.suppress %x, %c, %l, %t : (tensor<1x9x4xf32>, tensor<1x2x9xsi32>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
  func.return
}
