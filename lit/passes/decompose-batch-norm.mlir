// RUN: tilewright-opt %s -p decompose-batch-norm | filecheck %s

// REWRITE U6: constant parameters give a constant scale and shift: 3 / sqrt(3.75 + 0.25) and 2 - 1 * 1.5.
// CHECK-LABEL: func.func @constant
func.func @constant(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %scale = graph.constant dense<3.0> : tensor<2xf32>
  %bias = graph.constant dense<2.0> : tensor<2xf32>
  %mean = graph.constant dense<1.0> : tensor<2xf32>
  %var = graph.constant dense<3.75> : tensor<2xf32>
  // CHECK-DAG:  [[S:%.*]] = graph.constant dense<1.500000e+00> : tensor<2x1x1xf32>
  // CHECK-DAG:  [[T:%.*]] = graph.constant dense<5.000000e-01> : tensor<2x1x1xf32>
  // CHECK:      [[M:%.*]] = graph.mul %x, [[S]]
  // CHECK-NEXT: [[Y:%.*]] = graph.add [[M]], [[T]]
  // CHECK-NEXT: func.return [[Y]]
  %y = graph.batch_norm %x, %scale, %bias, %mean, %var {epsilon = 0.25} : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// REWRITE U6 negative: nothing is folded where a parameter is not constant; a few ops on C elements make scale and shift.
// CHECK-LABEL: func.func @runtime
func.func @runtime(%x: tensor<1x2x4x4xf16>, %p: tensor<2xf32>) -> tensor<1x2x4x4xf16> {
  // CHECK-COUNT-4: graph.cast
  // CHECK:      graph.sqrt
  // CHECK-NEXT: graph.div
  // CHECK-NEXT: graph.mul
  // CHECK-NEXT: graph.sub
  // CHECK-NEXT: [[S:%.*]] = graph.reshape {{.*}} -> tensor<2x1x1xf16>
  // CHECK-NEXT: [[T:%.*]] = graph.reshape {{.*}} -> tensor<2x1x1xf16>
  // CHECK-NEXT: [[M:%.*]] = graph.mul %x, [[S]]
  // CHECK-NEXT: graph.add [[M]], [[T]]
  %y = graph.batch_norm %x, %p, %p, %p, %p {epsilon = 0.25} : (tensor<1x2x4x4xf16>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf16>
  func.return %y : tensor<1x2x4x4xf16>
}
