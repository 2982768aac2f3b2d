// RUN: tilewright-opt %s -p assign-layouts | filecheck %s

// REWRITE L1: a global pool; with spatial dims of one the reshape moves nothing. One copy serves both users.
// CHECK-LABEL: func.func @global
func.func @global(%x: tensor<2x4x8x8xf32>) -> (tensor<2x4xf32>, tensor<2x4x4x4xf32>, tensor<2x64xf32>) {
  // CHECK:      %p = graph.pool
  // CHECK-NEXT: graph.reduce {{.*}} -> tensor<2x4x1x1xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: [[F:%.*]] = graph.reshape {{.*}} -> tensor<2x4xf32>
  // CHECK-NEXT: [[P:%.*]] = graph.relayout %p : {{.*}} -> tensor<2x4x4x4xf32>
  // CHECK-NEXT: [[V:%.*]] = graph.reshape [[P]] : (tensor<2x4x4x4xf32>) -> tensor<2x64xf32>
  // CHECK-NEXT: func.return [[F]], [[P]], [[V]]
  %p = graph.pool %x {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x4x4xf32>
  %g = graph.reduce %p {kind = "mean", axes = array<i64: 2, 3>} : (tensor<2x4x4x4xf32>) -> tensor<2x4x1x1xf32>
  %f = graph.reshape %g : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
  %v = graph.reshape %p : (tensor<2x4x4x4xf32>) -> tensor<2x64xf32>
  func.return %f, %p, %v : tensor<2x4xf32>, tensor<2x4x4x4xf32>, tensor<2x64xf32>
}

// REWRITE L1: a channel shuffle between convolutions is one copy, with channels innermost before and after.
// CHECK-LABEL: func.func @shuffle
func.func @shuffle(%x: tensor<1x6x8x8xf32>) -> tensor<1x6x2x2xf32> {
  // CHECK:      graph.reshape {{.*}} -> tensor<1x2x3x4x4xf32, #graph.tensor<order [0, 3, 4, 1, 2]>>
  // CHECK-NEXT: %t = graph.transpose {{.*}} -> tensor<1x3x2x4x4xf32, #graph.tensor<order [0, 3, 4, 2, 1]>>
  // CHECK-NEXT: [[C:%.*]] = graph.relayout %t : {{.*}} -> tensor<1x3x2x4x4xf32, #graph.tensor<order [0, 3, 4, 1, 2]>>
  // CHECK-NEXT: graph.reshape [[C]] : {{.*}} -> tensor<1x6x4x4xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.pool
  %p = graph.pool %x {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x6x8x8xf32>) -> tensor<1x6x4x4xf32>
  %s = graph.reshape %p : (tensor<1x6x4x4xf32>) -> tensor<1x2x3x4x4xf32>
  %t = graph.transpose %s {perm = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x3x4x4xf32>) -> tensor<1x3x2x4x4xf32>
  %m = graph.reshape %t : (tensor<1x3x2x4x4xf32>) -> tensor<1x6x4x4xf32>
  %q = graph.pool %m {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x6x4x4xf32>) -> tensor<1x6x2x2xf32>
  func.return %q : tensor<1x6x2x2xf32>
}

// REWRITE L1: a constant of the shape of the activation is stored channels last.
// CHECK-LABEL: func.func @constant
func.func @constant(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x1x2xf32> {
  %c = graph.constant dense<[[[[1.0, 2.0]], [[3.0, 4.0]]]]> : tensor<1x2x1x2xf32>
  // CHECK: %p = graph.pool
  // CHECK-NEXT: [[C:%.*]] = graph.constant dense<{{\[\[\[\[1.*, 3.*\], \[2.*, 4.*\]\]\]\]}}> : tensor<1x1x2x2xf32>
  // CHECK-NEXT: [[T:%.*]] = graph.transpose [[C]] {perm = array<i64: 0, 3, 1, 2>} : {{.*}} -> tensor<1x2x1x2xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK-NEXT: graph.add %p, [[T]]
  %p = graph.pool %x {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x2x4xf32>) -> tensor<1x2x1x2xf32>
  %a = graph.add %p, %c : (tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>) -> tensor<1x2x1x2xf32>
  func.return %a : tensor<1x2x1x2xf32>
}
