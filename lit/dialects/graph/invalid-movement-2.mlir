// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// More of the same family.
// CHECK: the pad value is a scalar
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.pad %x, %s {low = #graph.dims<[0, 0, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<2x3x4xf32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: result dim 2 is 5, expected 4
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.relayout %x : (tensor<2x3x4xf32>) -> tensor<2x3x5xf32, #graph.tensor<order [0, 2, 1]>>
  func.return
}
// -----
// CHECK: x has rank 2 or more
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.trilu %s {upper = true} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}
// -----
// CHECK: mode is one of nearest, linear, cubic; got 'area'
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.resize %x {mode = "area"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: coordinate is one of half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize; got 'corners'
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.resize %x {mode = "linear", coordinate = "corners"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: scales are 3 positive numbers, got [1.0, 0.0, 1.0]
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.resize %x {mode = "linear", scales = array<f64: 1.0, 0.0, 1.0>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: roi goes with tf_crop_and_resize
func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) {
  %r = graph.resize %x {mode = "linear", coordinate = "tf_crop_and_resize"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}
// -----
// CHECK: dim 3 does not stretch to 4
func.func @f(%x: tensor<2x3x4xf32>) {
  %r = graph.stretch %x : (tensor<2x3x4xf32>) -> tensor<2x4x4xf32>
  func.return
}
// -----
// CHECK: x has rank 3, the result 2
func.func @f(%x: tensor<2x3x4xf32>) {
  %r = graph.stretch %x : (tensor<2x3x4xf32>) -> tensor<3x4xf32>
  func.return
}
