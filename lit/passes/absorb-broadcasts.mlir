// RUN: tilewright-opt %s -p absorb-broadcasts | filecheck %s

// Grouped-query attention: keys are not repeated.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%q: tensor<2x6x4x8xf32>, %k: tensor<2x3x1x5x8xf32>) -> tensor<2x6x4x5xf32> {
  // CHECK-NEXT: [[Q:%.*]] = graph.reshape %q : {{.*}} -> tensor<2x3x2x4x8xf32>
  // CHECK-NEXT: [[M:%.*]] = graph.matmul [[Q]], %k {transpose_rhs = true} : {{.*}} -> tensor<2x3x2x4x5xf32>
  // CHECK-NEXT: [[Z:%.*]] = graph.reshape [[M]] : {{.*}} -> tensor<2x6x4x5xf32>
  // CHECK-NEXT: func.return [[Z]]
  %b = graph.broadcast %k : (tensor<2x3x1x5x8xf32>) -> tensor<2x3x2x5x8xf32>
  %r = graph.reshape %b : (tensor<2x3x2x5x8xf32>) -> tensor<2x6x5x8xf32>
  %z = graph.matmul %q, %r {transpose_rhs = true} : (tensor<2x6x4x8xf32>, tensor<2x6x5x8xf32>) -> tensor<2x6x4x5xf32>
  func.return %z : tensor<2x6x4x5xf32>
}

// A plain broadcast of a batch dim, of the left operand.
// CHECK-LABEL: func.func @plain
func.func @plain(%a: tensor<4x8xf32>, %b: tensor<2x8x5xf32>) -> tensor<2x4x5xf32> {
  // CHECK-NEXT: [[Z:%.*]] = graph.matmul %a, %b : {{.*}} -> tensor<2x4x5xf32>
  // CHECK-NEXT: func.return [[Z]]
  %r = graph.broadcast %a : (tensor<4x8xf32>) -> tensor<2x4x8xf32>
  %z = graph.matmul %r, %b : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  func.return %z : tensor<2x4x5xf32>
}

// Negative: rows are repeated; the other operand broadcasts too.
// CHECK-LABEL: func.func @kept
func.func @kept(%a: tensor<1x8xf32>, %b: tensor<2x8x5xf32>, %c: tensor<1x4x8xf32>, %e: tensor<1x8x5xf32>) -> (tensor<2x4x5xf32>, tensor<3x4x5xf32>) {
  // CHECK-COUNT-2: graph.broadcast
  %r = graph.broadcast %a : (tensor<1x8xf32>) -> tensor<2x4x8xf32>
  %y = graph.matmul %r, %b : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  %s = graph.broadcast %c : (tensor<1x4x8xf32>) -> tensor<3x4x8xf32>
  %z = graph.matmul %s, %e : (tensor<3x4x8xf32>, tensor<1x8x5xf32>) -> tensor<3x4x5xf32>
  func.return %y, %z : tensor<2x4x5xf32>, tensor<3x4x5xf32>
}
