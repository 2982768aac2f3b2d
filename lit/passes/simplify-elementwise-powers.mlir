// RUN: tilewright-opt %s -p simplify-elementwise | filecheck %s

// REWRITE S2: powers.
// CHECK-LABEL: func.func @powers
func.func @powers(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %half = graph.constant dense<5.0e-1> : tensor<f32>
  %minus = graph.constant dense<-1.0> : tensor<f32>
  // CHECK-NEXT: [[A:%.*]] = graph.mul %x, %x
  // CHECK-NEXT: [[B:%.*]] = graph.sqrt [[A]]
  // CHECK-NEXT: [[C:%.*]] = graph.mul [[B]], [[B]]
  // CHECK-NEXT: [[D:%.*]] = graph.mul [[C]], [[B]]
  // CHECK-NEXT: graph.reciprocal [[D]]
  %a = graph.pow %x, %two : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.pow %a, %half : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %c = graph.pow %b, %three : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.pow %c, %minus : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2 negative: another exponent.
// CHECK-LABEL: func.func @power
func.func @power(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %e = graph.constant dense<2.5> : tensor<f32>
  // CHECK: graph.pow
  %y = graph.pow %x, %e : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
