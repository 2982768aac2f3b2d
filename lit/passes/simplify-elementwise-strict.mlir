// RUN: tilewright-opt %s -p 'simplify-elementwise{strict=true}' | filecheck %s

// REWRITE S2: powers of two divide exactly.
// CHECK-LABEL: func.func @exact
func.func @exact(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = graph.constant dense<8.0> : tensor<f32>
  // CHECK-NEXT: [[C:%.*]] = graph.constant dense<1.250000e-01>
  // CHECK-NEXT: graph.mul %x, [[C]]
  %y = graph.div %x, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2 negative: other divisors do not, and a root is not a power.
// CHECK-LABEL: func.func @rounded
func.func @rounded(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = graph.constant dense<5.0> : tensor<f32>
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  // CHECK: [[A:%.*]] = graph.div %x
  // CHECK-NEXT: graph.pow [[A]]
  %a = graph.div %x, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.pow %a, %h : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
