// RUN: tilewright-opt %s -p hoist-slices | filecheck %s

// REWRITE M1: of a residual block only one row is looked at. The branch and the residual are cut alike, so that x has one user again.
// CHECK-LABEL: func.func @token
// CHECK-NEXT:    [[X:%.*]] = graph.slice %x {starts = #graph.dims<[3, 0]>{{.*}} -> tensor<1x8xf32>
// CHECK-NEXT:    [[R:%.*]] = graph.relu [[X]]
// CHECK-NEXT:    [[N:%.*]] = graph.layer_norm [[R]], %g, %g {{.*}} -> tensor<1x8xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.matmul [[N]], %w : {{.*}} -> tensor<1x8xf32>
// CHECK-NEXT:    graph.add [[R]], [[P]] : {{.*}} -> tensor<1x8xf32>
func.func @token(%x: tensor<7x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>) -> tensor<1x8xf32> {
  %r = graph.relu %x : (tensor<7x8xf32>) -> tensor<7x8xf32>
  %n = graph.layer_norm %r, %g, %g {axis = 1 : i64, epsilon = 1.0e-05 : f64} : (tensor<7x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<7x8xf32>
  %p = graph.matmul %n, %w : (tensor<7x8xf32>, tensor<8x8xf32>) -> tensor<7x8xf32>
  %s = graph.add %r, %p : (tensor<7x8xf32>, tensor<7x8xf32>) -> tensor<7x8xf32>
  %y = graph.slice %s {starts = #graph.dims<[3, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<7x8xf32>) -> tensor<1x8xf32>
  func.return %y : tensor<1x8xf32>
}

// REWRITE M1: heads and rows of attention; of the queries' rows one is left, all keys and values stay.
// CHECK-LABEL: func.func @attention
// CHECK-NEXT:    [[Q:%.*]] = graph.slice %q {starts = #graph.dims<[1, 0, 2]>{{.*}} -> tensor<2x8x1xf32>
// CHECK-NEXT:    [[K:%.*]] = graph.slice %k {starts = #graph.dims<[1, 0, 0]>{{.*}} -> tensor<2x8x7xf32>
// CHECK-NEXT:    [[S:%.*]] = graph.matmul [[Q]], [[K]] {transpose_lhs = true} : {{.*}} -> tensor<2x1x7xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.softmax [[S]]
// CHECK-NEXT:    [[V:%.*]] = graph.slice %v {starts = #graph.dims<[1, 0, 0]>{{.*}} -> tensor<2x7x8xf32>
// CHECK-NEXT:    graph.matmul [[P]], [[V]] : {{.*}} -> tensor<2x1x8xf32>
func.func @attention(%q: tensor<3x8x7xf32>, %k: tensor<3x8x7xf32>, %v: tensor<3x7x8xf32>) -> tensor<2x1x8xf32> {
  %s = graph.matmul %q, %k {transpose_lhs = true} : (tensor<3x8x7xf32>, tensor<3x8x7xf32>) -> tensor<3x7x7xf32>
  %p = graph.softmax %s {axis = 2 : i64} : (tensor<3x7x7xf32>) -> tensor<3x7x7xf32>
  %o = graph.matmul %p, %v : (tensor<3x7x7xf32>, tensor<3x7x8xf32>) -> tensor<3x7x8xf32>
  %y = graph.slice %o {starts = #graph.dims<[1, 2, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<3x7x8xf32>) -> tensor<2x1x8xf32>
  func.return %y : tensor<2x1x8xf32>
}

// REWRITE M1 negative: columns of a product, the normalised dim, and a product that is also used whole.
// CHECK-LABEL: func.func @kept
// CHECK-NEXT:    graph.matmul %x, %x
// CHECK-NEXT:    graph.slice
// CHECK-NEXT:    graph.softmax %x
// CHECK-NEXT:    graph.slice
// CHECK-NEXT:    graph.relu %x
// CHECK-NEXT:    graph.slice
func.func @kept(%x: tensor<7x7xf32>) -> (tensor<7x1xf32>, tensor<7x1xf32>, tensor<1x7xf32>, tensor<7x7xf32>) {
  %p = graph.matmul %x, %x : (tensor<7x7xf32>, tensor<7x7xf32>) -> tensor<7x7xf32>
  %a = graph.slice %p {starts = #graph.dims<[0, 2]>, steps = #graph.dims<[1, 1]>} : (tensor<7x7xf32>) -> tensor<7x1xf32>
  %s = graph.softmax %x {axis = 1 : i64} : (tensor<7x7xf32>) -> tensor<7x7xf32>
  %b = graph.slice %s {starts = #graph.dims<[0, 2]>, steps = #graph.dims<[1, 1]>} : (tensor<7x7xf32>) -> tensor<7x1xf32>
  %r = graph.relu %x : (tensor<7x7xf32>) -> tensor<7x7xf32>
  %c = graph.slice %r {starts = #graph.dims<[2, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<7x7xf32>) -> tensor<1x7xf32>
  func.return %a, %b, %c, %r : tensor<7x1xf32>, tensor<7x1xf32>, tensor<1x7xf32>, tensor<7x7xf32>
}

// REWRITE M1 negative: the activation stays in the kernel of the convolution.
// CHECK-LABEL: func.func @window
// CHECK-NEXT:    graph.conv
// CHECK-NEXT:    graph.relu
// CHECK-NEXT:    graph.slice
func.func @window(%x: tensor<1x4x6x6xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x4xf32>
  %r = graph.relu %c : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %y = graph.slice %r {starts = #graph.dims<[0, 1, 0, 0]>, steps = #graph.dims<[1, 1, 1, 1]>} : (tensor<1x4x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
