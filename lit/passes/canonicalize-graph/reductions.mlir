// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R2: reductions over dims of 1, pooling of single elements.
// CHECK-LABEL: func.func @nothing
func.func @nothing(%x: tensor<4x1x3x1xf32>) -> (tensor<4x3xf32>, tensor<4x1x1x1xf32>, tensor<4x1x3x1xf32>) {
  // CHECK-NEXT: %a = graph.reshape %x : (tensor<4x1x3x1xf32>) -> tensor<4x3xf32>
  %a = graph.reduce %x {kind = "mean", axes = array<i64: 1, 3>, keepdims = false} : (tensor<4x1x3x1xf32>) -> tensor<4x3xf32>
  // CHECK-NEXT: %b = graph.reduce %x {kind = "sum", axes = array<i64: 2>}
  %b = graph.reduce %x {kind = "sum", axes = array<i64: 2, 3>} : (tensor<4x1x3x1xf32>) -> tensor<4x1x1x1xf32>
  // CHECK-NEXT: func.return %a, %b, %x
  %c = graph.pool %x {kind = "max", kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<4x1x3x1xf32>) -> tensor<4x1x3x1xf32>
  func.return %a, %b, %c : tensor<4x3xf32>, tensor<4x1x1x1xf32>, tensor<4x1x3x1xf32>
}

// -----

// REWRITE R2 negative: a kind that changes a single element; a stride.
// CHECK-LABEL: func.func @something
func.func @something(%x: tensor<4x1x3x1xf32>) -> (tensor<4x1x3x1xf32>, tensor<4x1x2x1xf32>) {
  // CHECK-NEXT: graph.reduce
  %a = graph.reduce %x {kind = "sum_square", axes = array<i64: 1>} : (tensor<4x1x3x1xf32>) -> tensor<4x1x3x1xf32>
  // CHECK-NEXT: graph.pool
  %b = graph.pool %x {kind = "max", kernel = array<i64: 1, 1>, strides = array<i64: 2, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<4x1x3x1xf32>) -> tensor<4x1x2x1xf32>
  func.return %a, %b : tensor<4x1x3x1xf32>, tensor<4x1x2x1xf32>
}
