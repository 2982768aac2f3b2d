// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R2: neutral elements, exact for every input.
// CHECK-LABEL: func.func @neutral
func.func @neutral(%x: tensor<4xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) -> (tensor<4xf32>, tensor<4xsi32>, tensor<4xi1>) {
  // CHECK-NEXT: func.return %x, %i, %b
  %one = graph.constant dense<1.0> : tensor<4xf32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %minus_zero = graph.constant dense<-0.0> : tensor<f32>
  %a = graph.mul %one, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = graph.div %a, %one : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = graph.sub %d, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %f = graph.add %e, %minus_zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %g = graph.pow %f, %one : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %none = graph.constant dense<0> : tensor<si32>
  %j = graph.add %i, %none : (tensor<4xsi32>, tensor<si32>) -> tensor<4xsi32>
  %true = graph.constant dense<true> : tensor<i1>
  %c = graph.and %b, %true : (tensor<4xi1>, tensor<i1>) -> tensor<4xi1>
  func.return %g, %j, %c : tensor<4xf32>, tensor<4xsi32>, tensor<4xi1>
}

// -----

// REWRITE R2 negative: x + 0.0 turns -0 into +0, 0 * NaN is NaN, inf - inf is NaN; a constant that widens the result.
// CHECK-LABEL: func.func @exact
func.func @exact(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xf32>) {
  %zero = graph.constant dense<0.0> : tensor<f32>
  // CHECK: graph.add
  %a = graph.add %x, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK: graph.mul
  %b = graph.mul %x, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK: graph.sub
  %c = graph.sub %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %one = graph.constant dense<1.0> : tensor<2x1xf32>
  // CHECK: graph.broadcast %x : (tensor<4xf32>) -> tensor<2x4xf32>
  %d = graph.mul %x, %one : (tensor<4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xf32>
}

// -----

// REWRITE R4: inverse and repeated ops.
// CHECK-LABEL: func.func @inverse
func.func @inverse(%x: tensor<4xf32>, %b: tensor<4xi1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %n = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %m = graph.neg %n : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %f = graph.ceil %x
  %f = graph.ceil %m : (tensor<4xf32>) -> tensor<4xf32>
  %g = graph.floor %f : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %a = graph.abs %x
  %a = graph.abs %n : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %s = graph.sigmoid %x
  %s = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %r = graph.relu %s : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %w = graph.where %b, %a, %x
  %not = graph.not %b : (tensor<4xi1>) -> tensor<4xi1>
  %w = graph.where %not, %x, %a : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %g, %a, %r, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
