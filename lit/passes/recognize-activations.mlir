// RUN: tilewright-opt %s -p recognize-activations | filecheck %s

// REWRITE U10: silu, its sigmoid spelled out.
// CHECK-LABEL: func.func @silu
func.func @silu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.silu %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.neg %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.exp %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.add %b, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %e = graph.reciprocal %c : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %e, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: silu as a quotient.
// CHECK-LABEL: func.func @silu_quotient
func.func @silu_quotient(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.silu %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.neg %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.exp %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.add %o, %b : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.div %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: mish, its softplus spelled out.
// CHECK-LABEL: func.func @mish
func.func @mish(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.mish %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.exp %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.add %a, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %c = graph.log %b : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = graph.tanh %c : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %x, %e : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
