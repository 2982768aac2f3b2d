// RUN: tilewright-opt %s -p cse-graph --split-input-file | filecheck %s

// REWRITE R5: equal ops, also with the operands of a commutative op in another order, and equal constants.
// CHECK-LABEL: func.func @equal
func.func @equal(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %c = graph.constant
  // CHECK-NEXT: %a = graph.add %x, %y
  // CHECK-NEXT: %m = graph.mul %a, %c
  // CHECK-NEXT: func.return %m, %m
  %c = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %d = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %a = graph.add %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = graph.add %y, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %m = graph.mul %a, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %n = graph.mul %b, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %m, %n : tensor<4xf32>, tensor<4xf32>
}

// -----

// REWRITE R5: a branch takes what was computed before it. REWRITE R5 negative: not what only the other branch computes.
// CHECK-LABEL: func.func @branches
func.func @branches(%c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %a = graph.exp %x
  // CHECK-NEXT: %y = graph.if %c {
  // CHECK-NEXT:   %e = graph.abs %x
  // CHECK-NEXT:   %f = graph.add %a, %e
  // CHECK:      } else {
  // CHECK-NEXT:   %g = graph.abs %x
  %a = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = graph.if %c {
    %d = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    %e = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    %f = graph.add %d, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %f : tensor<4xf32>
  } else {
    %g = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %g : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  func.return %a, %y : tensor<4xf32>, tensor<4xf32>
}

// -----

// REWRITE R5 negative: other properties, other operands, an order that matters.
// CHECK-LABEL: func.func @different
func.func @different(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  // CHECK-COUNT-2: graph.reduce
  %a = graph.reduce %x {kind = "sum", axes = array<i64: 0>, keepdims = false} : (tensor<4x4xf32>) -> tensor<4xf32>
  %b = graph.reduce %x {kind = "sum", axes = array<i64: 1>, keepdims = false} : (tensor<4x4xf32>) -> tensor<4xf32>
  // CHECK-COUNT-2: graph.sub
  %c = graph.sub %x, %y : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = graph.sub %y, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return %a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}
