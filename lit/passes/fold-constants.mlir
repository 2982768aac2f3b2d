// RUN: tilewright-opt %s -p fold-constants --split-input-file | filecheck %s

// REWRITE F1: integers, data movement and IEEE arithmetic are computed once.
// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic() -> (tensor<2xsi32>, tensor<2x2xf32>, tensor<3xi1>) {
  %a = graph.constant dense<[7, -7]> : tensor<2xsi32>
  %b = graph.constant dense<[2, 2]> : tensor<2xsi32>
  // CHECK: graph.constant dense<[3, -3]> : tensor<2xsi32>
  %quotient = graph.div %a, %b : (tensor<2xsi32>, tensor<2xsi32>) -> tensor<2xsi32>
  %m = graph.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %t = graph.transpose %m {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  // CHECK: graph.constant dense<{{\[}}[2.000000e+00, 5.000000e+00], [5.000000e+00, 8.000000e+00]]> : tensor<2x2xf32>
  %sum = graph.add %m, %t : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %i = graph.constant dense<[0, 2, -1]> : tensor<3xsi64>
  %mask = graph.constant dense<[true, false, true]> : tensor<3xi1>
  // CHECK: graph.constant dense<true> : tensor<3xi1>
  %taken = graph.gather %mask, %i : (tensor<3xi1>, tensor<3xsi64>) -> tensor<3xi1>
  func.return %quotient, %sum, %taken : tensor<2xsi32>, tensor<2x2xf32>, tensor<3xi1>
}

// -----

// REWRITE F1 negative: transcendental functions and float sums, whose bits numpy doesn't promise; what fails at run time;
// growth; weights that aren't there.
// CHECK-LABEL: func.func @kept
func.func @kept() -> (tensor<2xf32>, tensor<f32>, tensor<2xsi64>, tensor<2000x64xf32>, tensor<2xf32>) {
  %x = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: graph.exp
  %exp = graph.exp %x : (tensor<2xf32>) -> tensor<2xf32>
  // CHECK: graph.reduce
  %sum = graph.reduce %x {kind = "sum", axes = array<i64: 0>, keepdims = false} : (tensor<2xf32>) -> tensor<f32>
  %z = graph.constant dense<[1, 0]> : tensor<2xsi64>
  // CHECK: graph.div
  %div = graph.div %z, %z : (tensor<2xsi64>, tensor<2xsi64>) -> tensor<2xsi64>
  %row = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %wide = graph.pad %row {low = #graph.dims<[0]>, high = #graph.dims<[60]>, mode = "edge"} : (tensor<4xf32>) -> tensor<64xf32>
  // CHECK: graph.broadcast
  %large = graph.broadcast %wide : (tensor<64xf32>) -> tensor<2000x64xf32>
  %w = graph.constant #graph.weight<"not there"> : tensor<2xf32>
  // CHECK: graph.neg
  %neg = graph.neg %w : (tensor<2xf32>) -> tensor<2xf32>
  func.return %exp, %sum, %div, %large, %neg : tensor<2xf32>, tensor<f32>, tensor<2xsi64>, tensor<2000x64xf32>, tensor<2xf32>
}

// -----

// REWRITE F3: a splat is a scalar that the op broadcasts; large splats fold and stay splats.
// CHECK-LABEL: func.func @scalars
func.func @scalars(%x: tensor<4x256xf32>) -> tensor<4x256xf32> {
  // CHECK-NEXT: %0 = graph.constant dense<6.000000e+00> : tensor<f32>
  // CHECK-NEXT: graph.mul %x, %0 : (tensor<4x256xf32>, tensor<f32>) -> tensor<4x256xf32>
  %two = graph.constant dense<2.0> : tensor<1x256xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %large = graph.broadcast %three : (tensor<f32>) -> tensor<4x256xf32>
  %six = graph.mul %two, %large : (tensor<1x256xf32>, tensor<4x256xf32>) -> tensor<4x256xf32>
  %y = graph.mul %x, %six : (tensor<4x256xf32>, tensor<4x256xf32>) -> tensor<4x256xf32>
  func.return %y : tensor<4x256xf32>
}

// -----

// REWRITE F3 negative: the constant gives the result its shape, or isn't of one value.
// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
  // CHECK: graph.constant dense<2.000000e+00> : tensor<2x1xf32>
  %two = graph.constant dense<2.0> : tensor<2x1xf32>
  %y = graph.mul %x, %two : (tensor<4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  // CHECK: graph.constant dense<"0x00000000000000800000000000000000"> : tensor<4xf32>
  %zeros = graph.constant dense<[0.0, -0.0, 0.0, 0.0]> : tensor<4xf32>
  %z = graph.mul %x, %zeros : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y, %z : tensor<2x4xf32>, tensor<4xf32>
}
