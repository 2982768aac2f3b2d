// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Control flow: branches and loop bodies end in graph.yield and read outer values directly.

// CHECK-LABEL: func.func @branch
func.func @branch(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK:      %y = graph.if %c {
  // CHECK-NEXT:   %n = graph.neg %x
  // CHECK-NEXT:   graph.yield %n : tensor<4xf32>
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   graph.yield %x : tensor<4xf32>
  // CHECK-NEXT: } : (tensor<i1>) -> tensor<4xf32>
  %y = graph.if %c {
    %n = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %n : tensor<4xf32>
  } else {
    graph.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @loop
func.func @loop(%trips: tensor<si64>, %go: tensor<i1>, %x: tensor<4xf32>) {
  // CHECK:      %last, %all = graph.loop trip %trips : tensor<si64> while %go : tensor<i1> init(%x : tensor<4xf32>) {
  // CHECK-NEXT: ^bb0(%i: tensor<si64>, %c: tensor<i1>, %v: tensor<4xf32>):
  // CHECK-NEXT:   graph.yield %c, %v, %v : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: } -> tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["trips", 4]>>
  %last, %all = graph.loop trip %trips : tensor<si64> while %go : tensor<i1> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %c: tensor<i1>, %v: tensor<4xf32>):
    graph.yield %c, %v, %v : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["trips", 4]>>
  func.return
}

// CHECK-LABEL: func.func @scan
func.func @scan(%h: tensor<4xf32>, %xs: tensor<7x4xf32>) {
  // CHECK:      %end, %steps = graph.scan init(%h : tensor<4xf32>) over(%xs : tensor<7x4xf32>) {
  // CHECK-NEXT: ^bb0(%s: tensor<4xf32>, %e: tensor<4xf32>):
  // CHECK-NEXT:   %sum = graph.add %s, %e
  // CHECK-NEXT:   graph.yield %sum, %sum : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: } {input_axes = array<i64: 0>, input_directions = array<i64: 1>, output_axes = array<i64: 0>, output_directions = array<i64: 0>} -> tensor<4xf32>, tensor<7x4xf32>
  %end, %steps = graph.scan init(%h : tensor<4xf32>) over(%xs : tensor<7x4xf32>) {
  ^bb0(%s: tensor<4xf32>, %e: tensor<4xf32>):
    %sum = graph.add %s, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %sum, %sum : tensor<4xf32>, tensor<4xf32>
  } {input_axes = array<i64: 0>, input_directions = array<i64: 1>, output_axes = array<i64: 0>, output_directions = array<i64: 0>} -> tensor<4xf32>, tensor<7x4xf32>
  func.return
}
