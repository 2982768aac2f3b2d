// RUN: tilewright-opt %s -p fuse-input-scale | filecheck %s

// REWRITE U1: scale and shift before a convolution without padding, by groups of input channels. 2 * 3; 1 * 3 + 1 * 3.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x4x5xf32>) -> tensor<1x2x5xf32> {
  %w = graph.constant dense<3.0> : tensor<2x2x1xf32>
  %s = graph.constant dense<2.0> : tensor<4x1xf32>
  %t = graph.constant dense<1.0> : tensor<4x1xf32>
  // CHECK: [[W:%.*]] = graph.constant dense<6.000000e+00> : tensor<2x2x1xf32>
  // CHECK-NEXT: [[B:%.*]] = graph.constant dense<1.200000e+01> : tensor<2xf32>
  // CHECK-NEXT: graph.conv %x, [[W]], [[B]] {
  %a = graph.add %x, %t : (tensor<1x4x5xf32>, tensor<4x1xf32>) -> tensor<1x4x5xf32>
  %m = graph.mul %a, %s : (tensor<1x4x5xf32>, tensor<4x1xf32>) -> tensor<1x4x5xf32>
  %z = graph.conv %m, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, group = 2 : i64} : (tensor<1x4x5xf32>, tensor<2x2x1xf32>) -> tensor<1x2x5xf32>
  func.return %z : tensor<1x2x5xf32>
}

// REWRITE U2: a scale before a padded convolution.
// CHECK-LABEL: func.func @padded
func.func @padded(%x: tensor<1x4x5xf32>) -> tensor<1x2x5xf32> {
  %w = graph.constant dense<3.0> : tensor<2x4x2xf32>
  %s = graph.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  // CHECK: graph.constant dense<{{\[\[\[3.*, 3.*\], \[6.*, 6.*\], \[9.*, 9.*\], \[1.2.*, 1.2.*\]\], .*}}> : tensor<2x4x2xf32>
  // CHECK-NEXT: graph.conv %x
  %m = graph.mul %x, %s : (tensor<1x4x5xf32>, tensor<4x1xf32>) -> tensor<1x4x5xf32>
  %z = graph.conv %m, %w {strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x5xf32>, tensor<2x4x2xf32>) -> tensor<1x2x5xf32>
  func.return %z : tensor<1x2x5xf32>
}

// REWRITE U4: a factor for each row of the weights of a linear layer.
// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<5x2xf32>) -> tensor<5x3xf32> {
  %w = graph.constant dense<3.0> : tensor<2x3xf32>
  %s = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: graph.constant dense<{{\[\[3.*, 3.*, 3.*\], \[6.*, 6.*, 6.*\]\]}}> : tensor<2x3xf32>
  // CHECK-NEXT: graph.matmul %x
  %m = graph.mul %x, %s : (tensor<5x2xf32>, tensor<2xf32>) -> tensor<5x2xf32>
  %z = graph.matmul %m, %w : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  func.return %z : tensor<5x3xf32>
}

// REWRITE U1 negative: a shift before padding; a scale that is read once more.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<1x4x5xf32>) -> (tensor<1x2x5xf32>, tensor<1x4x5xf32>, tensor<1x2x5xf32>) {
  %w = graph.constant dense<3.0> : tensor<2x4x2xf32>
  %t = graph.constant dense<1.0> : tensor<4x1xf32>
  // CHECK: graph.add
  // CHECK-NEXT: graph.conv
  // CHECK-NEXT: graph.mul
  // CHECK-NEXT: graph.conv
  %a = graph.add %x, %t : (tensor<1x4x5xf32>, tensor<4x1xf32>) -> tensor<1x4x5xf32>
  %y = graph.conv %a, %w {strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x5xf32>, tensor<2x4x2xf32>) -> tensor<1x2x5xf32>
  %m = graph.mul %x, %t : (tensor<1x4x5xf32>, tensor<4x1xf32>) -> tensor<1x4x5xf32>
  %z = graph.conv %m, %w {strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x5xf32>, tensor<2x4x2xf32>) -> tensor<1x2x5xf32>
  func.return %y, %m, %z : tensor<1x2x5xf32>, tensor<1x4x5xf32>, tensor<1x2x5xf32>
}
