// RUN: tilewright-opt %s -p recognize-norms | filecheck %s

// REWRITE U10: layer normalisation with scale and bias.
// CHECK-LABEL: func.func @layer_norm
func.func @layer_norm(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %eps = graph.constant dense<1.000000e-05> : tensor<f32>
  %s = graph.constant dense<3.0> : tensor<4xf32>
  %b = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  // CHECK-DAG:  [[S:%.*]] = graph.constant dense<3.0
  // CHECK-DAG:  [[B:%.*]] = graph.constant dense<[1.0
  // CHECK: [[Y:%.*]] = graph.layer_norm %x, [[S]], [[B]] {axis = 1 : i64, epsilon = {{.*}} : f64}
  // CHECK-NEXT: func.return [[Y]]
  %m = graph.reduce %x {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %q = graph.mul %d, %d : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %v = graph.reduce %q {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %e = graph.add %v, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r = graph.sqrt %e : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %n = graph.div %d, %r : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %t = graph.mul %n, %s : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %y = graph.add %t, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: a power and a reciprocal root; no scale gives one of ones.
// CHECK-LABEL: func.func @layer_norm_rsqrt
func.func @layer_norm_rsqrt(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %eps = graph.constant dense<1.000000e-05> : tensor<f32>
  %p = graph.constant dense<2.0> : tensor<f32>
  // CHECK-NEXT: [[S:%.*]] = graph.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK-NEXT: graph.layer_norm %x, [[S]] {
  // CHECK-NEXT: func.return
  %m = graph.reduce %x {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %q = graph.pow %d, %p : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %v = graph.reduce %q {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %e = graph.add %v, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r = graph.rsqrt %e : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = graph.mul %r, %d : (tensor<2x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: RMS normalisation, its scale with leading dims of one.
// CHECK-LABEL: func.func @rms_norm
func.func @rms_norm(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %eps = graph.constant dense<1.000000e-05> : tensor<f32>
  %s = graph.constant dense<3.0> : tensor<1x4xf32>
  // CHECK: [[S:%.*]] = graph.reshape {{.*}} -> tensor<4xf32>
  // CHECK-NEXT: graph.rms_norm %x, [[S]] {axis = 1 : i64
  // CHECK-NEXT: func.return
  %q = graph.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %v = graph.reduce %q {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %e = graph.add %v, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r = graph.sqrt %e : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %i = graph.reciprocal %r : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %n = graph.mul %x, %i : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %y = graph.mul %s, %n : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
