// RUN: tilewright-opt %s -p expand-scans | filecheck %s

// REWRITE S3: a scan is a loop that gathers a slice in every iteration.
// CHECK-LABEL: func.func @forward
// CHECK-NEXT: %[[N:.*]] = graph.dims <["n"]> {scalar = true} : tensor<si64>
// CHECK-NEXT: graph.loop trip %[[N]] : tensor<si64> init(%s : tensor<4xf32>) {
// CHECK-NEXT: ^{{.*}}(%[[I:.*]]: tensor<si64>, %[[GO:.*]]: tensor<i1>, %a: tensor<4xf32>):
// CHECK-NEXT:   %b = graph.gather %x, %[[I]]
// CHECK-NEXT:   %c = graph.add %a, %b
// CHECK-NEXT:   graph.yield %[[GO]], %c, %b
func.func @forward(%s: tensor<4xf32>, %x: tensor<?x4xf32, #graph.tensor<["n", 4]>>) -> (tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["n", 4]>>) {
  %last, %all = graph.scan init(%s : tensor<4xf32>) over(%x : tensor<?x4xf32, #graph.tensor<["n", 4]>>) {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %c = graph.add %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %c, %b : tensor<4xf32>, tensor<4xf32>
  } {input_axes = array<i64: 0>, input_directions = array<i64: 0>, output_axes = array<i64: 0>, output_directions = array<i64: 0>} -> tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["n", 4]>>
  func.return %last, %all : tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["n", 4]>>
}

// Backwards along other axes: transposed and flipped before and behind.
// CHECK-LABEL: func.func @backward
// CHECK-NEXT: %[[T:.*]] = graph.transpose %x {perm = array<i64: 1, 0>}
// CHECK-NEXT: %[[F:.*]] = graph.slice %[[T]] {starts = #graph.dims<[2, 0]>, steps = #graph.dims<[-1, 1]>}
// CHECK:      %[[ALL:.*]] = graph.loop
// CHECK:      %[[G:.*]] = graph.slice %[[ALL]] {starts = #graph.dims<[2, 0]>, steps = #graph.dims<[-1, 1]>}
// CHECK-NEXT: graph.transpose %[[G]] {perm = array<i64: 1, 0>}
func.func @backward(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %all = graph.scan init() over(%x : tensor<4x3xf32>) {
  ^bb0(%b: tensor<4xf32>):
    graph.yield %b : tensor<4xf32>
  } {input_axes = array<i64: 1>, input_directions = array<i64: 1>, output_axes = array<i64: 1>, output_directions = array<i64: 1>} -> tensor<4x3xf32>
  func.return %all : tensor<4x3xf32>
}

// REWRITE S3 negative: a loop stays what it is.
// CHECK-LABEL: func.func @loop
// CHECK-NEXT: graph.loop trip %n
func.func @loop(%n: tensor<si64>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %y = graph.loop trip %n : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %go: tensor<i1>, %v: tensor<4xf32>):
    %w = graph.exp %v : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %go, %w : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
