// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R5: the branch of a constant condition; what the other one computed goes.
// CHECK-LABEL: func.func @known
func.func @known(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %b = graph.exp %x
  // CHECK-NEXT: func.return %b
  %c = graph.constant dense<false> : tensor<i1>
  %y = graph.if %c {
    %a = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %a : tensor<4xf32>
  } else {
    %b = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %b : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// REWRITE R6: values on which both branches agree, results that nothing uses, and the condition inside of the branches.
// CHECK-LABEL: func.func @agreed
func.func @agreed(%c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<si64>, tensor<4xf32>) {
  // CHECK:      graph.constant dense<7> : tensor<si64>
  // CHECK-NEXT: %{{.*}} = graph.if %c {
  // CHECK-NEXT:   %{{.*}} = graph.abs %x
  // CHECK-NEXT:   graph.yield %{{[^,]*}} : tensor<4xf32>
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   graph.yield %x : tensor<4xf32>
  // CHECK-NEXT: } : (tensor<i1>) -> tensor<4xf32>
  // CHECK-NEXT: func.return %x
  %same, %seven, %other, %unused = graph.if %c {
    %i = graph.constant dense<7> : tensor<si64>
    %a = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    %w = graph.where %c, %a, %x : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %x, %i, %w, %a : tensor<4xf32>, tensor<si64>, tensor<4xf32>, tensor<4xf32>
  } else {
    %j = graph.constant dense<7> : tensor<si64>
    %b = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    %v = graph.where %c, %b, %x : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %x, %j, %v, %b : tensor<4xf32>, tensor<si64>, tensor<4xf32>, tensor<4xf32>
  } : (tensor<i1>) -> (tensor<4xf32>, tensor<si64>, tensor<4xf32>, tensor<4xf32>)
  func.return %same, %seven, %other : tensor<4xf32>, tensor<si64>, tensor<4xf32>
}

// -----

// REWRITE R5 negative, REWRITE R6 negative: an unknown condition, values that differ.
// CHECK-LABEL: func.func @unknown
func.func @unknown(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: graph.if
  %z = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %y : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  func.return %z : tensor<4xf32>
}
