// RUN: tilewright-opt %s -p recognize-gelu | filecheck %s

// REWRITE U10 negative: another constant under erf; a gate that is used once more.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %r = graph.constant dense<2.0> : tensor<f32>
  %q = graph.constant dense<1.41421354> : tensor<f32>
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NOT: graph.gelu
  %a = graph.div %x, %r : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.erf %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.add %b, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %e = graph.mul %h, %c : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %x, %e : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %f = graph.div %x, %q : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %g = graph.erf %f : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %i = graph.add %g, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %j = graph.mul %h, %i : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %z = graph.mul %x, %j : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y, %z, %i : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
