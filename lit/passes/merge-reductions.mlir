// RUN: tilewright-opt %s -p merge-reductions | filecheck %s

// REWRITE U13: means over W, then over H; a maximum that drops its dims, then another.
// CHECK-LABEL: func.func @twice
// CHECK-NEXT:    [[M:%.*]] = graph.reduce %x {kind = "mean", axes = array<i64: 2, 3>} : {{.*}} -> tensor<2x3x1x1xf32>
// CHECK-NEXT:    [[N:%.*]] = graph.reduce %x {kind = "max", axes = array<i64: 1, 3>} : {{.*}} -> tensor<2x1x4x1xf32>
// CHECK-NEXT:    [[R:%.*]] = graph.reshape [[N]] : (tensor<2x1x4x1xf32>) -> tensor<2x4xf32>
// CHECK-NEXT:    func.return [[M]], [[R]]
func.func @twice(%x: tensor<2x3x4x5xf32>) -> (tensor<2x3x1x1xf32>, tensor<2x4xf32>) {
  %w = graph.reduce %x {kind = "mean", axes = array<i64: 3>, keepdims = true} : (tensor<2x3x4x5xf32>) -> tensor<2x3x4x1xf32>
  %h = graph.reduce %w {kind = "mean", axes = array<i64: 2>, keepdims = true} : (tensor<2x3x4x1xf32>) -> tensor<2x3x1x1xf32>
  %a = graph.reduce %x {kind = "max", axes = array<i64: 1>, keepdims = false} : (tensor<2x3x4x5xf32>) -> tensor<2x4x5xf32>
  %b = graph.reduce %a {kind = "max", axes = array<i64: 2>, keepdims = false} : (tensor<2x4x5xf32>) -> tensor<2x4xf32>
  func.return %h, %b : tensor<2x3x1x1xf32>, tensor<2x4xf32>
}

// REWRITE U13 negative: other kinds, a sum of squares of sums, integers that are rounded twice, an inner result that is used.
// CHECK-LABEL: func.func @kept_apart
// CHECK-COUNT-8: graph.reduce
func.func @kept_apart(%x: tensor<3x4xf32>, %i: tensor<3x4xsi32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xsi32>, tensor<3x1xf32>, tensor<1x1xf32>) {
  %a = graph.reduce %x {kind = "max", axes = array<i64: 1>, keepdims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %b = graph.reduce %a {kind = "sum", axes = array<i64: 0>, keepdims = true} : (tensor<3x1xf32>) -> tensor<1x1xf32>
  %c = graph.reduce %x {kind = "sum_square", axes = array<i64: 1>, keepdims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %d = graph.reduce %c {kind = "sum_square", axes = array<i64: 0>, keepdims = true} : (tensor<3x1xf32>) -> tensor<1x1xf32>
  %e = graph.reduce %i {kind = "mean", axes = array<i64: 1>, keepdims = true} : (tensor<3x4xsi32>) -> tensor<3x1xsi32>
  %f = graph.reduce %e {kind = "mean", axes = array<i64: 0>, keepdims = true} : (tensor<3x1xsi32>) -> tensor<1x1xsi32>
  %g = graph.reduce %x {kind = "min", axes = array<i64: 1>, keepdims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %h = graph.reduce %g {kind = "min", axes = array<i64: 0>, keepdims = true} : (tensor<3x1xf32>) -> tensor<1x1xf32>
  func.return %b, %d, %f, %g, %h : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xsi32>, tensor<3x1xf32>, tensor<1x1xf32>
}
