// RUN: tilewright-opt %s -p recognize-norms | filecheck %s

// REWRITE U10: group normalisation as PyTorch exports it.
// CHECK-LABEL: func.func @group_norm
func.func @group_norm(%x: tensor<2x8x5xf32>) -> tensor<2x8x5xf32> {
  %o = graph.constant dense<1.0> : tensor<4xf32>
  %z = graph.constant dense<0.0> : tensor<4xf32>
  %s = graph.constant dense<3.0> : tensor<8x1xf32>
  %b = graph.constant dense<2.0> : tensor<8x1xf32>
  // CHECK-DAG:  [[S:%.*]] = graph.constant dense<3.000000e+00> : tensor<8xf32>
  // CHECK-DAG:  [[B:%.*]] = graph.constant dense<2.000000e+00> : tensor<8xf32>
  // CHECK: graph.group_norm %x, [[S]], [[B]] {groups = 4 : i64, epsilon = 5.000000e-01 : f64}
  // CHECK-NEXT: func.return
  %a = graph.reshape %x : (tensor<2x8x5xf32>) -> tensor<2x4x10xf32>
  %n = graph.instance_norm %a, %o, %z {epsilon = 0.5} : (tensor<2x4x10xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x10xf32>
  %r = graph.reshape %n : (tensor<2x4x10xf32>) -> tensor<2x8x5xf32>
  %m = graph.mul %r, %s : (tensor<2x8x5xf32>, tensor<8x1xf32>) -> tensor<2x8x5xf32>
  %y = graph.add %m, %b : (tensor<2x8x5xf32>, tensor<8x1xf32>) -> tensor<2x8x5xf32>
  func.return %y : tensor<2x8x5xf32>
}

// REWRITE U10 negative: a normalisation with a scale of its own, one a group.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x8x5xf32>) -> tensor<2x8x5xf32> {
  %o = graph.constant dense<2.0> : tensor<4xf32>
  %z = graph.constant dense<0.0> : tensor<4xf32>
  // CHECK-NOT: graph.group_norm
  %a = graph.reshape %x : (tensor<2x8x5xf32>) -> tensor<2x4x10xf32>
  %n = graph.instance_norm %a, %o, %z {epsilon = 0.5} : (tensor<2x4x10xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x10xf32>
  %y = graph.reshape %n : (tensor<2x4x10xf32>) -> tensor<2x8x5xf32>
  func.return %y : tensor<2x8x5xf32>
}
