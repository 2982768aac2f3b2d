// RUN: tilewright-opt %s -p canonicalize-graph | filecheck %s

// REWRITE R1 negative: a cast to another type, a concatenation of two parts.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<4xf32>) -> (tensor<4xsi32>, tensor<8xf32>) {
  // CHECK-NEXT: [[I:%.*]] = graph.cast %x : (tensor<4xf32>) -> tensor<4xsi32>
  // CHECK-NEXT: [[C:%.*]] = graph.concat %x, %x {axis = 0 : i64}
  // CHECK-NEXT: func.return [[I]], [[C]]
  %i = graph.cast %x : (tensor<4xf32>) -> tensor<4xsi32>
  %c = graph.concat %x, %x {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  func.return %i, %c : tensor<4xsi32>, tensor<8xf32>
}
