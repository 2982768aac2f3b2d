// RUN: tilewright-opt %s -p fuse-scale-shift | filecheck %s

// REWRITE U4: a scalar goes into the weights, through the bias.
// CHECK-LABEL: func.func @through_bias
func.func @through_bias(%x: tensor<5x2xf32>) -> tensor<5x3xf32> {
  %w = graph.constant dense<3.0> : tensor<2x3xf32>
  %b = graph.constant dense<5.0> : tensor<3xf32>
  %s = graph.constant dense<2.0> : tensor<f32>
  // CHECK-DAG:  [[W:%.*]] = graph.constant dense<6.000000e+00> : tensor<2x3xf32>
  // CHECK-DAG:  [[B:%.*]] = graph.constant dense<1.000000e+01> : tensor<3xf32>
  // CHECK:      [[Y:%.*]] = graph.matmul %x, [[W]]
  // CHECK-NEXT: [[A:%.*]] = graph.add [[Y]], [[B]]
  // CHECK-NEXT: func.return [[A]]
  %y = graph.matmul %x, %w : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  %a = graph.add %y, %b : (tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  %m = graph.mul %a, %s : (tensor<5x3xf32>, tensor<f32>) -> tensor<5x3xf32>
  func.return %m : tensor<5x3xf32>
}

// REWRITE U4: one factor a column, of transposed weights.
// CHECK-LABEL: func.func @columns
func.func @columns(%x: tensor<5x2xf32>) -> tensor<5x3xf32> {
  %w = graph.constant dense<1.0> : tensor<3x2xf32>
  %s = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  // CHECK-NEXT: [[W:%.*]] = graph.constant dense<{{\[\[1.*, 1.*\], \[2.*, 2.*\], \[3.*, 3.*\]\]}}> : tensor<3x2xf32>
  // CHECK-NEXT: graph.matmul %x, [[W]] {transpose_rhs = true}
  // CHECK-NEXT: func.return
  %y = graph.matmul %x, %w {transpose_rhs = true} : (tensor<5x2xf32>, tensor<3x2xf32>) -> tensor<5x3xf32>
  %m = graph.mul %y, %s : (tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  func.return %m : tensor<5x3xf32>
}

// REWRITE U4 negative: neither operand is constant; the factors are one a row.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<3x2xf32>, %z: tensor<2x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>) {
  %w = graph.constant dense<1.0> : tensor<2x3xf32>
  %s = graph.constant dense<2.0> : tensor<f32>
  %r = graph.constant dense<2.0> : tensor<3x1xf32>
  // CHECK:      [[Y:%.*]] = graph.matmul %x, %z
  // CHECK-NEXT: graph.mul [[Y]]
  %y = graph.matmul %x, %z : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
  %m = graph.mul %y, %s : (tensor<3x3xf32>, tensor<f32>) -> tensor<3x3xf32>
  // CHECK-NEXT: [[U:%.*]] = graph.matmul %x
  // CHECK-NEXT: graph.mul [[U]]
  %u = graph.matmul %x, %w : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
  %n = graph.mul %u, %r : (tensor<3x3xf32>, tensor<3x1xf32>) -> tensor<3x3xf32>
  func.return %m, %n : tensor<3x3xf32>, tensor<3x3xf32>
}

// REWRITE U6: a scale after a scale is one scale, a shift after a shift one shift.
// CHECK-LABEL: func.func @merged
func.func @merged(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %s = graph.constant dense<2.0> : tensor<3xf32>
  %t = graph.constant dense<3.0> : tensor<f32>
  // CHECK-NEXT: [[S:%.*]] = graph.constant dense<6.000000e+00> : tensor<3xf32>
  // CHECK-NEXT: [[M:%.*]] = graph.mul %x, [[S]]
  // CHECK-NEXT: [[T:%.*]] = graph.constant dense<5.000000e+00> : tensor<3xf32>
  // CHECK-NEXT: graph.add [[M]], [[T]]
  // CHECK-NEXT: func.return
  %a = graph.mul %x, %s : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %b = graph.mul %t, %a : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = graph.add %b, %s : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %d = graph.add %t, %c : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %d : tensor<2x3xf32>
}
