// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Unary elementwise ops without attributes.
// CHECK-LABEL: func.func @math
func.func @math(%x: tensor<4xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  // CHECK: %exp = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %exp = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %log = graph.log %x : (tensor<4xf32>) -> tensor<4xf32>
  %log = graph.log %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %sqrt = graph.sqrt %x : (tensor<4xf32>) -> tensor<4xf32>
  %sqrt = graph.sqrt %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %rsqrt = graph.rsqrt %x : (tensor<4xf32>) -> tensor<4xf32>
  %rsqrt = graph.rsqrt %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %reciprocal = graph.reciprocal %x : (tensor<4xf32>) -> tensor<4xf32>
  %reciprocal = graph.reciprocal %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %sin = graph.sin %x : (tensor<4xf32>) -> tensor<4xf32>
  %sin = graph.sin %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %cos = graph.cos %x : (tensor<4xf32>) -> tensor<4xf32>
  %cos = graph.cos %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %tan = graph.tan %x : (tensor<4xf32>) -> tensor<4xf32>
  %tan = graph.tan %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %sinh = graph.sinh %x : (tensor<4xf32>) -> tensor<4xf32>
  %sinh = graph.sinh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %cosh = graph.cosh %x : (tensor<4xf32>) -> tensor<4xf32>
  %cosh = graph.cosh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %asin = graph.asin %x : (tensor<4xf32>) -> tensor<4xf32>
  %asin = graph.asin %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %acos = graph.acos %x : (tensor<4xf32>) -> tensor<4xf32>
  %acos = graph.acos %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %atan = graph.atan %x : (tensor<4xf32>) -> tensor<4xf32>
  %atan = graph.atan %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %asinh = graph.asinh %x : (tensor<4xf32>) -> tensor<4xf32>
  %asinh = graph.asinh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %acosh = graph.acosh %x : (tensor<4xf32>) -> tensor<4xf32>
  %acosh = graph.acosh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %atanh = graph.atanh %x : (tensor<4xf32>) -> tensor<4xf32>
  %atanh = graph.atanh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %tanh = graph.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
  %tanh = graph.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %sigmoid = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %sigmoid = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %erf = graph.erf %x : (tensor<4xf32>) -> tensor<4xf32>
  %erf = graph.erf %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %softsign = graph.softsign %x : (tensor<4xf32>) -> tensor<4xf32>
  %softsign = graph.softsign %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %softplus = graph.softplus %x : (tensor<4xf32>) -> tensor<4xf32>
  %softplus = graph.softplus %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %mish = graph.mish %x : (tensor<4xf32>) -> tensor<4xf32>
  %mish = graph.mish %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %silu = graph.silu %x : (tensor<4xf32>) -> tensor<4xf32>
  %silu = graph.silu %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %hard_swish = graph.hard_swish %x : (tensor<4xf32>) -> tensor<4xf32>
  %hard_swish = graph.hard_swish %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %abs = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  %abs = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %neg = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %neg = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %sign = graph.sign %x : (tensor<4xf32>) -> tensor<4xf32>
  %sign = graph.sign %x : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
