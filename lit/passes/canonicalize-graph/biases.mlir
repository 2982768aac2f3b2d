// RUN: tilewright-opt %s -p canonicalize-graph | filecheck %s

// REWRITE R2: a bias of zeros. REWRITE R2 negative: another bias.
// CHECK-LABEL: func.func @bias
func.func @bias(%x: tensor<1x2x4xf32>, %w: tensor<2x2x1xf32>, %s: tensor<4xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) {
  %zeros = graph.constant dense<0.0> : tensor<2xf32>
  %ones = graph.constant dense<1.0> : tensor<2xf32>
  %zeros4 = graph.constant dense<0.0> : tensor<4xf32>
  // CHECK: graph.conv %x, %w {
  %a = graph.conv %x, %w, %zeros {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x2x4xf32>, tensor<2x2x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  // CHECK: graph.conv %x, %w, %ones {
  %b = graph.conv %x, %w, %ones {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x2x4xf32>, tensor<2x2x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  // CHECK: graph.layer_norm %b, %s {
  %c = graph.layer_norm %b, %s, %zeros4 {axis = 2 : i64, epsilon = 1.0e-5 : f64} : (tensor<1x2x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x2x4xf32>
  func.return %a, %b, %c : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
}
