// RUN: tilewright-opt %s -p absorb-transposes | filecheck %s

// REWRITE U5: transposed operands become flags.
// CHECK-LABEL: func.func @operands
func.func @operands(%a: tensor<2x4x3xf32>, %b: tensor<2x5x4xf32>) -> tensor<2x3x5xf32> {
  // CHECK-NEXT: [[Z:%.*]] = graph.matmul %a, %b {transpose_lhs = true, transpose_rhs = true}
  // CHECK-NEXT: func.return [[Z]]
  %t = graph.transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
  %u = graph.transpose %b {perm = array<i64: 0, 2, 1>} : (tensor<2x5x4xf32>) -> tensor<2x4x5xf32>
  %z = graph.matmul %t, %u : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  func.return %z : tensor<2x3x5xf32>
}

// REWRITE U5: attention heads. Of the keys only the permutation of heads stays, which a kernel reads as it is.
// CHECK-LABEL: func.func @heads
func.func @heads(%q: tensor<2x8x3x4xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x8x3x3xf32> {
  // CHECK-NEXT: [[K:%.*]] = graph.transpose %k {perm = array<i64: 0, 2, 1, 3>}
  // CHECK-NEXT: graph.matmul %q, [[K]] {transpose_rhs = true}
  %t = graph.transpose %k {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x3x8x4xf32>) -> tensor<2x8x4x3xf32>
  %z = graph.matmul %q, %t : (tensor<2x8x3x4xf32>, tensor<2x8x4x3xf32>) -> tensor<2x8x3x3xf32>
  func.return %z : tensor<2x8x3x3xf32>
}

// REWRITE U5: keys transposed in three dims.
// CHECK-LABEL: func.func @merged
func.func @merged(%q: tensor<2x8x3x4xf32>, %k: tensor<2x8x3x4xf32>) -> tensor<2x8x3x3xf32> {
  // CHECK-NEXT: [[K:%.*]] = graph.reshape %k : {{.*}} -> tensor<2x8x3x4xf32>
  // CHECK-NEXT: graph.matmul %q, [[K]] {transpose_rhs = true}
  // CHECK-NEXT: func.return
  %m = graph.reshape %k : (tensor<2x8x3x4xf32>) -> tensor<16x3x4xf32>
  %t = graph.transpose %m {perm = array<i64: 0, 2, 1>} : (tensor<16x3x4xf32>) -> tensor<16x4x3xf32>
  %s = graph.reshape %t : (tensor<16x4x3xf32>) -> tensor<2x8x4x3xf32>
  %z = graph.matmul %q, %s : (tensor<2x8x3x4xf32>, tensor<2x8x4x3xf32>) -> tensor<2x8x3x3xf32>
  func.return %z : tensor<2x8x3x3xf32>
}

// REWRITE U5: a transposed product of activations.
// CHECK-LABEL: func.func @result
func.func @result(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<5x3xf32> {
  // CHECK-NEXT: [[Z:%.*]] = graph.matmul %b, %a {transpose_lhs = true, transpose_rhs = true} : {{.*}} -> tensor<5x3xf32>
  // CHECK-NEXT: func.return [[Z]]
  %m = graph.matmul %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %z = graph.transpose %m {perm = array<i64: 1, 0>} : (tensor<3x5xf32>) -> tensor<5x3xf32>
  func.return %z : tensor<5x3xf32>
}

// REWRITE U5 negative: heads only; a product with weights; one that is used once more.
// CHECK-LABEL: func.func @kept
func.func @kept(%q: tensor<2x3x8x4xf32>, %k: tensor<2x8x4x3xf32>, %a: tensor<3x4xf32>) -> (tensor<2x8x3x3xf32>, tensor<5x3xf32>) {
  %w = graph.constant dense<1.0> : tensor<4x5xf32>
  // CHECK: graph.transpose %q
  // CHECK-NEXT: graph.matmul %t, %k : 
  // CHECK-NEXT: graph.matmul %a, %w : 
  // CHECK-NEXT: graph.transpose
  %t = graph.transpose %q {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x3x8x4xf32>) -> tensor<2x8x3x4xf32>
  %y = graph.matmul %t, %k : (tensor<2x8x3x4xf32>, tensor<2x8x4x3xf32>) -> tensor<2x8x3x3xf32>
  %m = graph.matmul %a, %w : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %z = graph.transpose %m {perm = array<i64: 1, 0>} : (tensor<3x5xf32>) -> tensor<5x3xf32>
  func.return %y, %z : tensor<2x8x3x3xf32>, tensor<5x3xf32>
}
