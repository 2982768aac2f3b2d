// RUN: tilewright-opt %s -p sink-movement | filecheck %s

// REWRITE M2: a transpose sinks behind elementwise ops; a constant is transposed back.
// CHECK-LABEL: func.func @transpose
func.func @transpose(%x: tensor<2x3x4xf32>, %y: tensor<2x3x4xf32>) -> tensor<2x4x3xf32> {
  %c = graph.constant dense<2.0> : tensor<4x1xf32>
  %s = graph.constant dense<3.0> : tensor<f32>
  // CHECK: [[A:%.*]] = graph.sub %x, %y : (tensor<2x3x4xf32>
  // CHECK-NEXT: [[M:%.*]] = graph.mul [[A]], %s
  // CHECK-NEXT: [[C:%.*]] = graph.reshape %c
  // CHECK-NEXT: [[D:%.*]] = graph.transpose [[C]]
  // CHECK-NEXT: [[B:%.*]] = graph.add [[M]], [[D]]
  // CHECK-NEXT: [[R:%.*]] = graph.transpose [[B]] {perm = array<i64: 0, 2, 1>}
  // CHECK-NEXT: func.return [[R]]
  %a = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %b = graph.transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %e = graph.sub %a, %b : (tensor<2x4x3xf32>, tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  %f = graph.mul %e, %s : (tensor<2x4x3xf32>, tensor<f32>) -> tensor<2x4x3xf32>
  %z = graph.add %f, %c : (tensor<2x4x3xf32>, tensor<4x1xf32>) -> tensor<2x4x3xf32>
  func.return %z : tensor<2x4x3xf32>
}

// REWRITE M2 negative: the other operand is not transposed; the transpose is used once more.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x3x4xf32>, %y: tensor<2x4x3xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x3xf32>) {
  // CHECK-NEXT: [[A:%.*]] = graph.transpose %x
  // CHECK-NEXT: graph.add [[A]], %y
  // CHECK-NEXT: graph.tanh [[A]]
  %a = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %e = graph.add %a, %y : (tensor<2x4x3xf32>, tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  %z = graph.tanh %a : (tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  func.return %e, %z : tensor<2x4x3xf32>, tensor<2x4x3xf32>
}
