// RUN: tilewright-opt %s -p simplify-elementwise | filecheck %s

// REWRITE S2: division by a constant is a multiplication, subtraction of one an addition.
// CHECK-LABEL: func.func @division
func.func @division(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = graph.constant dense<5.0> : tensor<f32>
  %t = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  // CHECK-NEXT: [[C:%.*]] = graph.constant dense<2.000000e-01>
  // CHECK-NEXT: [[A:%.*]] = graph.mul %x, [[C]]
  // CHECK-NEXT: [[T:%.*]] = graph.constant dense<[-1.000000e+00, -2.000000e+00, -3.000000e+00, -4.000000e+00]>
  // CHECK-NEXT: graph.add [[A]], [[T]]
  %a = graph.div %x, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.sub %a, %t : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2 negative: the reciprocal of zero is no ordinary number; integers divide as they are.
// CHECK-LABEL: func.func @zero
func.func @zero(%x: tensor<2x4xf32>, %i: tensor<4xsi32>) -> (tensor<2x4xf32>, tensor<4xsi32>) {
  %c = graph.constant dense<[1.0, 0.0, 1.0, 1.0]> : tensor<4xf32>
  %two = graph.constant dense<2> : tensor<si32>
  // CHECK-COUNT-2: graph.div
  %y = graph.div %x, %c : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %z = graph.div %i, %two : (tensor<4xsi32>, tensor<si32>) -> tensor<4xsi32>
  func.return %y, %z : tensor<2x4xf32>, tensor<4xsi32>
}

// A reciprocal root; a division by few roots is a multiplication.
// CHECK-LABEL: func.func @roots
func.func @roots(%x: tensor<2x4xf32>, %v: tensor<2x1xf32>, %w: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[A:%.*]] = graph.rsqrt %v
  // CHECK-NEXT: [[C:%.*]] = graph.mul %x, [[A]]
  // CHECK-NEXT: [[D:%.*]] = graph.rsqrt %w
  // CHECK-NEXT: graph.mul [[C]], [[D]]
  %a = graph.sqrt %v : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %b = graph.div %one, %a : (tensor<f32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  %c = graph.mul %x, %b : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %d = graph.sqrt %w : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = graph.div %c, %d : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// A product with a reciprocal is a quotient, with a negation a sum.
// CHECK-LABEL: func.func @quotient
func.func @quotient(%x: tensor<2x4xf32>, %w: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: [[B:%.*]] = graph.div %x, %w
  // CHECK-NEXT: graph.sub [[B]], %w
  %a = graph.reciprocal %w : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.mul %a, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.neg %w : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.add %c, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// A quotient that is rounded to an integer, or divides another number, keeps its last bit.
// CHECK-LABEL: func.func @quantized
func.func @quantized(%x: tensor<2x4xf32>, %s: tensor<f32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %c = graph.constant dense<3.0> : tensor<f32>
  // CHECK-COUNT-3: graph.div
  %a = graph.div %x, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.round %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = graph.div %s, %c : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %z = graph.div %x, %t : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y, %z : tensor<2x4xf32>, tensor<2x4xf32>
}
