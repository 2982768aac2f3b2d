// RUN: tilewright-opt %s -p hoist-slices | filecheck %s

// REWRITE M1: queries and keys are cut before the transpose and the reshape that drops a dim of 1.
// CHECK-LABEL: func.func @heads
func.func @heads(%x: tensor<1x7x2x3x4xf32>) -> (tensor<1x3x7x4xf32>, tensor<1x3x7x4xf32>) {
  // CHECK-DAG: graph.slice %x {starts = #graph.dims<[0, 0, 0, 0, 0]>, steps = #graph.dims<[1, 1, 1, 1, 1]>} : {{.*}} -> tensor<1x7x1x3x4xf32>
  // CHECK-DAG: graph.slice %x {starts = #graph.dims<[0, 0, 1, 2, 0]>, steps = #graph.dims<[1, 1, 1, -1, 1]>} : {{.*}} -> tensor<1x7x1x3x4xf32>
  %t = graph.transpose %x {perm = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x7x2x3x4xf32>) -> tensor<2x1x3x7x4xf32>
  %r = graph.reshape %t : (tensor<2x1x3x7x4xf32>) -> tensor<2x3x7x4xf32>
  %q = graph.slice %r {starts = #graph.dims<[0, 0, 0, 0]>, steps = #graph.dims<[1, 1, 1, 1]>} : (tensor<2x3x7x4xf32>) -> tensor<1x3x7x4xf32>
  %k = graph.slice %r {starts = #graph.dims<[1, 2, 0, 0]>, steps = #graph.dims<[1, -1, 1, 1]>} : (tensor<2x3x7x4xf32>) -> tensor<1x3x7x4xf32>
  func.return %q, %k : tensor<1x3x7x4xf32>, tensor<1x3x7x4xf32>
}

// REWRITE M1 negative: a dim that the reshape merges is cut; the transposed tensor is used whole.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x3x4xf32>) -> (tensor<4x4xf32>, tensor<2x2x3xf32>, tensor<2x4x3xf32>) {
  // CHECK-NEXT: [[R:%.*]] = graph.reshape %x
  // CHECK-NEXT: graph.slice [[R]]
  // CHECK-NEXT: [[T:%.*]] = graph.transpose %x
  // CHECK-NEXT: graph.slice [[T]]
  %r = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %y = graph.slice %r {starts = #graph.dims<[1, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<6x4xf32>) -> tensor<4x4xf32>
  %t = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %z = graph.slice %t {starts = #graph.dims<[0, 1, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<2x4x3xf32>) -> tensor<2x2x3xf32>
  func.return %y, %z, %t : tensor<4x4xf32>, tensor<2x2x3xf32>, tensor<2x4x3xf32>
}
