// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Factors and regions of resampling.
// CHECK: factors are a vector of 3, got tensor<2xf32>
func.func @f(%x: tensor<2x3x4xf32>, %g: tensor<2xf32>) {
  %r = graph.resize %x by %g : tensor<2xf32> {mode = "linear"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: factors are f32, got f64
func.func @f(%x: tensor<2x3x4xf32>, %f: tensor<3xf32>, %d: tensor<3xf64>) {
  %r = graph.resize %x by %d : tensor<3xf64> {mode = "linear"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: scales are numbers or an operand
func.func @f(%x: tensor<2x3x4xf32>, %f: tensor<3xf32>, %d: tensor<3xf64>) {
  %r = graph.resize %x by %f : tensor<3xf32> {mode = "linear", scales = array<f64: 1.0, 1.0, 1.0>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: roi goes with tf_crop_and_resize
func.func @f(%x: tensor<2x3x4xf32>, %g: tensor<6xf32>) {
  %r = graph.resize %x of %g : tensor<6xf32> {mode = "linear"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: axes are dims of x, got [3]
func.func @f(%x: tensor<2x3x4xf32>, %f: tensor<3xf32>, %d: tensor<3xf64>) {
  %r = graph.resize %x by %f : tensor<3xf32> {mode = "linear", axes = array<i64: 3>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
