// RUN: tilewright-opt %s -p recognize-gelu | filecheck %s

// REWRITE U10: the order PyTorch exports: x * (0.5 * (1 + erf(x / sqrt(2)))).
// CHECK-LABEL: func.func @erf
func.func @erf(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %r = graph.constant dense<1.41421354> : tensor<f32>
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.gelu %x {approximate = "none"}
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.div %x, %r : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.erf %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.add %b, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %e = graph.mul %h, %c : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %x, %e : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: another order: (0.5 * (x * (erf(x * 0.7071) + 1))).
// CHECK-LABEL: func.func @erf_2
func.func @erf_2(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %r = graph.constant dense<0.707106769> : tensor<f32>
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.gelu %x {approximate = "none"}
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.mul %x, %r : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.erf %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.add %o, %b : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = graph.mul %c, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %e, %h : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
