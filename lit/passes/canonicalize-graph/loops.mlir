// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R5: what a loop carries unchanged, carries for itself only, or stacks for nobody; the condition inside of it.
// CHECK-LABEL: func.func @carried
func.func @carried(%n: tensor<si64>, %x: tensor<4xf32>, %k: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %{{.*}} = graph.loop trip %n : tensor<si64> init(%x : tensor<4xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<si64>, %{{.*}}: tensor<i1>, %v: tensor<4xf32>):
  // CHECK-NEXT:   %{{.*}} = graph.constant dense<true>
  // CHECK-NEXT:   %w = graph.add %v, %k
  // CHECK-NEXT:   graph.yield %{{.*}}, %w
  // CHECK-NEXT: } -> tensor<4xf32>
  // CHECK-NEXT: func.return %{{.*}}, %k
  %true = graph.constant dense<true> : tensor<i1>
  %last, %same, %idle, %all = graph.loop trip %n : tensor<si64> while %true : tensor<i1> init(%x, %k, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %c: tensor<i1>, %v: tensor<4xf32>, %s: tensor<4xf32>, %u: tensor<4xf32>):
    %w = graph.add %v, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %c, %w, %s, %w, %w : tensor<i1>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["n", 4]>>
  func.return %last, %same : tensor<4xf32>, tensor<4xf32>
}

// -----

// REWRITE R5: a loop that doesn't run. REWRITE R5 negative: one that may, whose values change and are read.
// CHECK-LABEL: func.func @runs
func.func @runs(%n: tensor<si64>, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[last:.*]] = graph.loop trip %n
  // CHECK:      func.return %x, %[[last]]
  %zero = graph.constant dense<0> : tensor<si64>
  %never = graph.loop trip %zero : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %c: tensor<i1>, %v: tensor<4xf32>):
    %w = graph.exp %v : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %c, %w : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  %last = graph.loop trip %n : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%j: tensor<si64>, %d: tensor<i1>, %u: tensor<4xf32>):
    %y = graph.exp %u : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %d, %y : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  func.return %never, %last : tensor<4xf32>, tensor<4xf32>
}

// -----

// REWRITE R5: a scan keeps its directions for the outputs that stay.
// CHECK-LABEL: func.func @scan
func.func @scan(%x: tensor<3x4xf32>, %s: tensor<4xf32>) -> tensor<3x4xf32> {
  // CHECK:      graph.scan init() over(%x : tensor<3x4xf32>) {
  // CHECK-NEXT: ^bb0(%e: tensor<4xf32>):
  // CHECK-NEXT:   %a = graph.exp %e
  // CHECK-NEXT:   graph.yield %a : tensor<4xf32>
  // CHECK-NEXT: } {{.*}}output_directions = array<i64: 1>
  %sum, %plain, %turned = graph.scan init(%s : tensor<4xf32>) over(%x : tensor<3x4xf32>) {
  ^bb0(%c: tensor<4xf32>, %e: tensor<4xf32>):
    %a = graph.exp %e : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %c, %e, %a : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  } {input_axes = array<i64: 0>, input_directions = array<i64: 0>, output_axes = array<i64: 0, 0>, output_directions = array<i64: 0, 1>} -> tensor<4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
  func.return %turned : tensor<3x4xf32>
}
