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

// The negation of an unsigned number wraps, and its absolute value is another number.
// CHECK-LABEL: func.func @unsigned
func.func @unsigned(%x: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK-NEXT: %n = graph.neg %x
  // CHECK-NEXT: %a = graph.abs %n
  %n = graph.neg %x : (tensor<4xui8>) -> tensor<4xui8>
  %a = graph.abs %n : (tensor<4xui8>) -> tensor<4xui8>
  func.return %a : tensor<4xui8>
}
