// RUN: tilewright-opt %s -p hoist-invariants | filecheck %s

// REWRITE R5: what does not change from iteration to iteration is computed once.
// REWRITE R5 negative: what reads the iteration; what may fail although no iteration runs.
// CHECK-LABEL: func.func @loop
func.func @loop(%trips: tensor<si64>, %x: tensor<4xf32>, %i: tensor<2xsi64>) -> tensor<4xf32> {
  // CHECK-NEXT: %one = graph.constant
  // CHECK-NEXT: %a = graph.exp %x
  // CHECK-NEXT: %b = graph.add %a, %one
  // CHECK-NEXT: graph.loop
  // CHECK-NEXT: ^bb0
  // CHECK-NEXT:   %taken = graph.gather %x, %i
  // CHECK-NEXT:   %sum = graph.reduce %taken
  // CHECK-NEXT:   %c = graph.add %v, %b
  // CHECK-NEXT:   %d = graph.mul %c, %sum
  %last = graph.loop trip %trips : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%n: tensor<si64>, %go: tensor<i1>, %v: tensor<4xf32>):
    %one = graph.constant dense<1.0> : tensor<f32>
    %a = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    %b = graph.add %a, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %taken = graph.gather %x, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<2xsi64>) -> tensor<2xf32>
    %sum = graph.reduce %taken {kind = "sum", axes = array<i64: 0>, keepdims = false} : (tensor<2xf32>) -> tensor<f32>
    %c = graph.add %v, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %d = graph.mul %c, %sum : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    graph.yield %go, %d : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  func.return %last : tensor<4xf32>
}
