// RUN: tilewright-opt %s -p fuse-scale-shift | filecheck %s

// REWRITE U1: what is left of a batch normalisation goes into the weights and the bias. 3 * 2 and 5 * 2 + 1.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %w = graph.constant dense<3.0> : tensor<3x2x1x1xf32>
  %b = graph.constant dense<5.0> : tensor<3xf32>
  %s = graph.constant dense<2.0> : tensor<3x1x1xf32>
  %t = graph.constant dense<1.0> : tensor<3x1x1xf32>
  // CHECK-DAG:  [[W:%.*]] = graph.constant dense<6.000000e+00> : tensor<3x2x1x1xf32>
  // CHECK-DAG:  [[B:%.*]] = graph.constant dense<1.100000e+01> : tensor<3xf32>
  // CHECK:      [[Y:%.*]] = graph.conv %x, [[W]], [[B]]
  // CHECK-NEXT: func.return [[Y]]
  %y = graph.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>, tensor<3xf32>) -> tensor<1x3x4x4xf32>
  %m = graph.mul %y, %s : (tensor<1x3x4x4xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4x4xf32>
  %a = graph.add %m, %t : (tensor<1x3x4x4xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4x4xf32>
  func.return %a : tensor<1x3x4x4xf32>
}

// REWRITE U1: channels of a transposed convolution are in dim 1 of its weights, group by group.
// CHECK-LABEL: func.func @transposed
func.func @transposed(%x: tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %w = graph.constant dense<1.0> : tensor<2x2x1x1xf32>
  %s = graph.constant dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]> : tensor<4x1x1xf32>
  // CHECK-NEXT: [[W:%.*]] = graph.constant dense<{{\[\[\[\[1.*\]\], \[\[2.*\]\]\], \[\[\[3.*\]\], \[\[4.*\]\]\]\]}}> : tensor<2x2x1x1xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.conv_transpose %x, [[W]] {
  // CHECK-NEXT: func.return [[Y]]
  %y = graph.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64, output_padding = array<i64: 0, 0>} : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x4x4x4xf32>
  %m = graph.mul %s, %y : (tensor<4x1x1xf32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  func.return %m : tensor<1x4x4x4xf32>
}

// REWRITE U2: a constant per channel becomes the bias.
// CHECK-LABEL: func.func @bias
func.func @bias(%x: tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>, %w: tensor<3x2x1xf32>) -> tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>> {
  %t = graph.constant dense<1.0> : tensor<1x1x1xf32>
  // CHECK-NEXT: [[B:%.*]] = graph.constant dense<1.000000e+00> : tensor<3xf32>
  // CHECK-NEXT: graph.conv %x, %w, [[B]]
  // CHECK-NEXT: func.return
  %y = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>, tensor<3x2x1xf32>) -> tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>
  %a = graph.add %y, %t : (tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<1x1x1xf32>) -> tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>
  func.return %a : tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>
}

// REWRITE U2 negative: the constant varies along a spatial dim; the result is used as it is; the weights are not constant.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<1x2x4xf32>, %w: tensor<3x2x1xf32>) -> (tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) {
  %t = graph.constant dense<1.0> : tensor<1x3x4xf32>
  %s = graph.constant dense<2.0> : tensor<3x1xf32>
  // CHECK:      [[Y:%.*]] = graph.conv %x, %w {
  // CHECK-NEXT: [[A:%.*]] = graph.add [[Y]]
  // CHECK-NEXT: [[Z:%.*]] = graph.conv %x, %w {
  // CHECK-NEXT: graph.mul [[Z]]
  // CHECK-NEXT: func.return [[Y]], [[A]]
  %y = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x2x4xf32>, tensor<3x2x1xf32>) -> tensor<1x3x4xf32>
  %a = graph.add %y, %t : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %z = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x2x4xf32>, tensor<3x2x1xf32>) -> tensor<1x3x4xf32>
  %m = graph.mul %z, %s : (tensor<1x3x4xf32>, tensor<3x1xf32>) -> tensor<1x3x4xf32>
  func.return %y, %a, %m : tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>
}
