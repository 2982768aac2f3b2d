// RUN: tilewright-opt %s -p assign-layouts | filecheck %s

// REWRITE L1: one relayout at the argument and one at the result; what is between follows the convolution.
// CHECK-LABEL: func.func @region
func.func @region(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x1x1xf32>, %c: tensor<4x1x1xf32>) -> tensor<1x8x4x4xf32> {
  // CHECK-NEXT: [[X:%.*]] = graph.relayout %x : {{.*}} -> tensor<1x3x8x8xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.conv [[X]], %w {{.*}} -> tensor<1x4x8x8xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.mul %y, %c {{.*}} -> tensor<1x4x8x8xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.concat {{.*}} -> tensor<1x8x8x8xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.pool {{.*}} -> tensor<1x8x4x4xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: [[R:%.*]] = graph.relayout %p : {{.*}} -> tensor<1x8x4x4xf32>
  // CHECK-NEXT: func.return [[R]]
  %y = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32>
  %m = graph.mul %y, %c : (tensor<1x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %k = graph.concat %y, %m {axis = 1 : i64} : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x8x8x8xf32>
  %p = graph.pool %k {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>) -> tensor<1x8x4x4xf32>
  func.return %p : tensor<1x8x4x4xf32>
}

// REWRITE L1: a patch embedding; merging the spatial dims and the transpose move nothing.
// CHECK-LABEL: func.func @patches
func.func @patches(%x: tensor<1x4x8x8xf32>) -> tensor<1x16x4xf32> {
  // CHECK:      graph.pool
  // CHECK-NEXT: graph.reshape {{.*}} -> tensor<1x4x16xf32, #graph.tensor<order [0, 2, 1]>>
  // CHECK-NEXT: graph.transpose {{.*}} -> tensor<1x16x4xf32>
  // CHECK-NEXT: func.return
  %p = graph.pool %x {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32>
  %r = graph.reshape %p : (tensor<1x4x4x4xf32>) -> tensor<1x4x16xf32>
  %t = graph.transpose %r {perm = array<i64: 0, 2, 1>} : (tensor<1x4x16xf32>) -> tensor<1x16x4xf32>
  func.return %t : tensor<1x16x4xf32>
}

// REWRITE L1 negative: no convolution or pool, no change.
// CHECK-LABEL: func.func @transformer
func.func @transformer(%x: tensor<2x4x8xf32>) -> tensor<2x8x4xf32> {
  // CHECK-NEXT: graph.transpose {{.*}} : (tensor<2x4x8xf32>) -> tensor<2x8x4xf32>
  // CHECK-NEXT: graph.relu {{.*}} -> tensor<2x8x4xf32>
  %t = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x4x8xf32>) -> tensor<2x8x4xf32>
  %r = graph.relu %t : (tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  func.return %r : tensor<2x8x4xf32>
}
