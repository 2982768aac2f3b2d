// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Points and regions of images.
// CHECK: a point has as many coordinates as x has spatial dims: 4 and 2
func.func @f(%x: tensor<2x3x6x5xf32>, %y: tensor<2x4xf32>) {
  %o = graph.sample %x, %y {mode = "linear"} : (tensor<2x3x6x5xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  func.return
}
// -----
// CHECK: padding is one of zeros, border, reflection; got 'wrap'
func.func @f(%x: tensor<2x3x6x5xf32>, %at: tensor<2x7x2xf32>, %r: tensor<4x4xf32>, %b: tensor<4xsi64>) {
  %o = graph.sample %x, %at {mode = "linear", padding = "wrap"} : (tensor<2x3x6x5xf32>, tensor<2x7x2xf32>) -> tensor<2x3x7xf32>
  func.return
}
// -----
// CHECK: coordinates are floats, got si64
func.func @f(%x: tensor<2x3x6x5xf32>, %i: tensor<2x7x2xsi64>) {
  %o = graph.sample %x, %i {mode = "linear"} : (tensor<2x3x6x5xf32>, tensor<2x7x2xsi64>) -> tensor<2x3x7xf32>
  func.return
}
// -----
// CHECK: the images have no pixels
func.func @f(%x: tensor<2x3x0x5xf32>, %at: tensor<2x7x2xf32>) {
  %o = graph.sample %x, %at {mode = "linear"} : (tensor<2x3x0x5xf32>, tensor<2x7x2xf32>) -> tensor<2x3x7xf32>
  func.return
}
// -----
// CHECK: size is a positive height and width, got [2]
func.func @f(%x: tensor<2x3x6x5xf32>, %at: tensor<2x7x2xf32>, %r: tensor<4x4xf32>, %b: tensor<4xsi64>) {
  %o = graph.roi_align %x, %r, %b {size = array<i64: 2>} : (tensor<2x3x6x5xf32>, tensor<4x4xf32>, tensor<4xsi64>) -> tensor<4x3x2x2xf32>
  func.return
}
// -----
// CHECK: batch has an image for each region: 5 and 4
func.func @f(%x: tensor<2x3x6x5xf32>, %r: tensor<4x4xf32>, %c: tensor<5xsi64>) {
  %o = graph.roi_align %x, %r, %c {size = array<i64: 2, 2>} : (tensor<2x3x6x5xf32>, tensor<4x4xf32>, tensor<5xsi64>) -> tensor<4x3x2x2xf32>
  func.return
}
// -----
// CHECK: a region has 5 columns: 4 and 5
func.func @f(%x: tensor<2x3x6x5xf32>, %at: tensor<2x7x2xf32>, %r: tensor<4x4xf32>, %b: tensor<4xsi64>) {
  %o = graph.roi_max_pool %x, %r {size = array<i64: 2, 2>} : (tensor<2x3x6x5xf32>, tensor<4x4xf32>) -> tensor<4x3x2x2xf32>
  func.return
}
