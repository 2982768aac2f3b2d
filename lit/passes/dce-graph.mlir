// RUN: tilewright-opt %s -p dce-graph | filecheck %s

// REWRITE R3, REWRITE R5: ops whose results nothing uses, in regions too. REWRITE R3 negative: what is used.
// CHECK-LABEL: func.func @unused
func.func @unused(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[y:.*]] = graph.if %c {
  // CHECK-NEXT:   %b = graph.abs %x
  // CHECK-NEXT:   graph.yield %b : tensor<4xf32>
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   graph.yield %x : tensor<4xf32>
  // CHECK-NEXT: }
  // CHECK-NEXT: func.return %[[y]]
  %a = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %d = graph.neg %a : (tensor<4xf32>) -> tensor<4xf32>
  %y, %z = graph.if %c {
    %b = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    %e = graph.neg %b : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %b, %e : tensor<4xf32>, tensor<4xf32>
  } else {
    graph.yield %x, %a : tensor<4xf32>, tensor<4xf32>
  } : (tensor<i1>) -> (tensor<4xf32>, tensor<4xf32>)
  func.return %y : tensor<4xf32>
}
