// RUN: tilewright-opt %s -p trim-windows | filecheck %s

// Taps 12 apart on an image of 9 x 30: only the middle row of taps reads the image, all three of a row do.
// CHECK-LABEL: func.func @dilated
func.func @dilated(%x: tensor<1x4x9x30xf32>, %w: tensor<2x4x3x3xf32>) -> tensor<1x2x9x30xf32> {
  // CHECK-NEXT: %[[W:.*]] = graph.slice %w {starts = #graph.dims<[0, 0, 1, 0]>{{.*}} -> tensor<2x4x1x3xf32>
  // CHECK-NEXT: graph.conv %x, %[[W]] {{.*}}pads = array<i64: 0, 12, 0, 12>, dilations = array<i64: 12, 12>
  %y = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 12, 12, 12, 12>, dilations = array<i64: 12, 12>} : (tensor<1x4x9x30xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x9x30xf32>
  func.return %y : tensor<1x2x9x30xf32>
}

// An image of one pixel; padding on one side only; a stride.
// CHECK-LABEL: func.func @sides
func.func @sides(%x: tensor<1x4x1xf32>, %z: tensor<1x4x3xf32>, %w: tensor<2x4x3xf32>) -> (tensor<1x2x1xf32>, tensor<1x2x2xf32>) {
  // CHECK-NEXT: graph.slice %w {starts = #graph.dims<[0, 0, 1]>{{.*}} -> tensor<2x4x1xf32>
  // CHECK-NEXT: graph.conv {{.*}}pads = array<i64: 0, 0>
  %a = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1>} : (tensor<1x4x1xf32>, tensor<2x4x3xf32>) -> tensor<1x2x1xf32>
  // CHECK-NEXT: graph.slice %w {starts = #graph.dims<[0, 0, 2]>{{.*}} -> tensor<2x4x1xf32>
  // CHECK-NEXT: graph.conv {{.*}}pads = array<i64: 0, 0>
  %b = graph.conv %z, %w {strides = array<i64: 2>, pads = array<i64: 6, 0>, dilations = array<i64: 3>} : (tensor<1x4x3xf32>, tensor<2x4x3xf32>) -> tensor<1x2x2xf32>
  func.return %a, %b : tensor<1x2x1xf32>, tensor<1x2x2xf32>
}

// Negative: every tap reads something; sizes are not known; pads would become negative.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<1x4x9xf32>, %z: tensor<1x4x?xf32, #graph.tensor<[1, 4, "n"]>>, %w: tensor<2x4x3xf32>) -> (tensor<1x2x9xf32>, tensor<1x2x?xf32, #graph.tensor<[1, 2, "n"]>>, tensor<1x2x8xf32>) {
  // CHECK-NOT: graph.slice
  %a = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 8, 8>, dilations = array<i64: 8>} : (tensor<1x4x9xf32>, tensor<2x4x3xf32>) -> tensor<1x2x9xf32>
  %b = graph.conv %z, %w {strides = array<i64: 1>, pads = array<i64: 12, 12>, dilations = array<i64: 12>} : (tensor<1x4x?xf32, #graph.tensor<[1, 4, "n"]>>, tensor<2x4x3xf32>) -> tensor<1x2x?xf32, #graph.tensor<[1, 2, "n"]>>
  %c = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 19, 0>, dilations = array<i64: 10>} : (tensor<1x4x9xf32>, tensor<2x4x3xf32>) -> tensor<1x2x8xf32>
  func.return %a, %b, %c : tensor<1x2x9xf32>, tensor<1x2x?xf32, #graph.tensor<[1, 2, "n"]>>, tensor<1x2x8xf32>
}
