// RUN: tilewright-opt %s -p recognize-norms | filecheck %s

// REWRITE U10 negative: the mean of another tensor; a scale that varies along rows.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x4xf32>, %z: tensor<2x4xf32>, %n: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %eps = graph.constant dense<1.000000e-05> : tensor<f32>
  %s = graph.constant dense<3.0> : tensor<2x1xf32>
  // CHECK-NOT: graph.layer_norm
  // CHECK: graph.rms_norm
  // CHECK: graph.mul
  %m = graph.reduce %z {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %q = graph.mul %d, %d : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %v = graph.reduce %q {kind = "mean", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %e = graph.add %v, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r = graph.sqrt %e : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = graph.div %d, %r : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %t = graph.mul %n, %s : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y, %t : tensor<2x4xf32>, tensor<2x4xf32>
}
