// RUN: tilewright-opt %s -p pull-scales | filecheck %s

// REWRITE U4: factors of both operands, one of them behind views.
// CHECK-LABEL: func.func @both
func.func @both(%q: tensor<2x3x4xf32>, %k: tensor<6x4xf32>) -> tensor<2x3x3xf32> {
  %s = graph.constant dense<5.0e-1> : tensor<f32>
  %r = graph.constant dense<2.5e-1> : tensor<f32>
  // CHECK-NEXT: [[C:%.*]] = graph.reshape %k
  // CHECK-NEXT: [[E:%.*]] = graph.transpose [[C]]
  // CHECK-NEXT: [[S:%.*]] = graph.constant dense<1.250000e-01> : tensor<f32>
  // CHECK-NEXT: [[M:%.*]] = graph.matmul %q, [[E]]
  // CHECK-NEXT: [[Z:%.*]] = graph.mul [[M]], [[S]]
  // CHECK-NEXT: func.return [[Z]]
  %a = graph.mul %q, %s : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  %b = graph.mul %r, %k : (tensor<f32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  %c = graph.reshape %b : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %e = graph.transpose %c {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %z = graph.matmul %a, %e : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  func.return %z : tensor<2x3x3xf32>
}

// REWRITE U4 negative: a factor for each row; a scaled value that is used once more; weights.
// CHECK-LABEL: func.func @kept
func.func @kept(%q: tensor<3x4xf32>, %k: tensor<4x3xf32>, %r: tensor<3x1xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>) {
  %s = graph.constant dense<5.0e-1> : tensor<f32>
  %w = graph.constant dense<1.0> : tensor<4x3xf32>
  // CHECK: [[A:%.*]] = graph.mul %q, %r
  // CHECK-NEXT: graph.matmul [[A]], %k
  // CHECK-NEXT: [[B:%.*]] = graph.mul %q
  // CHECK-NEXT: graph.matmul [[B]], %k
  // CHECK-NEXT: graph.matmul [[B]]
  // CHECK-NEXT: func.return
  %a = graph.mul %q, %r : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %x = graph.matmul %a, %k : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  %b = graph.mul %q, %s : (tensor<3x4xf32>, tensor<f32>) -> tensor<3x4xf32>
  %y = graph.matmul %b, %k : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  %z = graph.matmul %b, %w : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  func.return %x, %y, %z : tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>
}

// REWRITE U4 negative: half types, whose products may overflow.
// CHECK-LABEL: func.func @half
func.func @half(%q: tensor<3x4xf16>, %k: tensor<4x3xf16>) -> tensor<3x3xf16> {
  %s = graph.constant dense<5.0e-1> : tensor<f16>
  // CHECK: [[A:%.*]] = graph.mul %q
  // CHECK-NEXT: graph.matmul [[A]], %k
  %a = graph.mul %q, %s : (tensor<3x4xf16>, tensor<f16>) -> tensor<3x4xf16>
  %z = graph.matmul %a, %k : (tensor<3x4xf16>, tensor<4x3xf16>) -> tensor<3x3xf16>
  func.return %z : tensor<3x3xf16>
}
