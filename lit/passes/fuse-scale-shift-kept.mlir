// RUN: tilewright-opt %s -p decompose-batch-norm,fuse-scale-shift | filecheck %s

// REWRITE U1 negative: the convolution is also used as it is, so that its weights must stay.
// CHECK-LABEL: func.func @two_users
func.func @two_users(%x: tensor<1x2x4x4xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) {
  // CHECK: [[W:%.*]] = graph.constant dense<3.000000e+00> : tensor<3x2x1x1xf32>
  %w = graph.constant dense<3.0> : tensor<3x2x1x1xf32>
  %s = graph.constant dense<2.0> : tensor<3xf32>
  // CHECK:      [[Y:%.*]] = graph.conv %x, [[W]] {
  // CHECK:      [[M:%.*]] = graph.mul [[Y]]
  // CHECK:      func.return [[Y]]
  %y = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  %n = graph.batch_norm %y, %s, %s, %s, %s {epsilon = 0.0 : f64} : (tensor<1x3x4x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x3x4x4xf32>
  func.return %y, %n : tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>
}
