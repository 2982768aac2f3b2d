// RUN: tilewright-opt %s -p recognize-attention | filecheck %s

// REWRITE U11 negative: the scores are wanted as a whole.
// CHECK-LABEL: func.func @scores_leave
func.func @scores_leave(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x5xf32>) -> (tensor<4x5xf32>, tensor<4x6xf32>) {
  // CHECK-NOT: graph.attention
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
  %p = graph.softmax %s {axis = 1 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = graph.matmul %p, %v : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
  func.return %y, %s : tensor<4x5xf32>, tensor<4x6xf32>
}

// REWRITE U11 negative: the softmax is not along the keys.
// CHECK-LABEL: func.func @other_axis
func.func @other_axis(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x5xf32>) -> tensor<4x5xf32> {
  // CHECK-NOT: graph.attention
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
  %p = graph.softmax %s {axis = 0 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = graph.matmul %p, %v : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
  func.return %y : tensor<4x5xf32>
}

// REWRITE U11 negative: a mask that a softcap follows.
// CHECK-LABEL: func.func @capped_mask
func.func @capped_mask(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x5xf32>, %m: tensor<4x6xf32>) -> tensor<4x5xf32> {
  // CHECK-NOT: graph.attention
  %two = graph.constant dense<2.0> : tensor<f32>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
  %a = graph.add %s, %m : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %t = graph.tanh %a : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %c = graph.mul %t, %two : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %p = graph.softmax %c {axis = 1 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = graph.matmul %p, %v : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
  func.return %y : tensor<4x5xf32>
}

// REWRITE U11 negative: a triangle of -1e4 is a mask like any other: scores may be larger.
// CHECK-LABEL: func.func @shallow
func.func @shallow(%q: tensor<2x8xf32>, %k: tensor<2x8xf32>, %v: tensor<2x5xf32>) -> tensor<2x5xf32> {
  // CHECK:     graph.attention
  // CHECK-NOT: causal
  // CHECK:     func.return
  %m = graph.constant dense<[[0.0, -1.0e+04], [0.0, 0.0]]> : tensor<2x2xf32>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x2xf32>
  %d = graph.add %s, %m : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %p = graph.softmax %d {axis = 1 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = graph.matmul %p, %v : (tensor<2x2xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  func.return %y : tensor<2x5xf32>
}
