// RUN: tilewright-opt %s -p sink-movement | filecheck %s

// REWRITE M2: a reshape sinks behind elementwise ops: operands reshaped alike, and ones that broadcast along kept dims.
// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<2x3x4xf32>, %y: tensor<2x3x4xf32>, %b: tensor<4xf32>) -> tensor<6x4xf32> {
  // CHECK-NEXT: [[A:%.*]] = graph.add %x, %y : (tensor<2x3x4xf32>
  // CHECK-NEXT: [[M:%.*]] = graph.mul [[A]], %b
  // CHECK-NEXT: [[T:%.*]] = graph.tanh [[M]]
  // CHECK-NEXT: [[R:%.*]] = graph.reshape [[T]] : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  // CHECK-NEXT: func.return [[R]]
  %a = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %c = graph.reshape %y : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %e = graph.add %a, %c : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  %f = graph.mul %e, %b : (tensor<6x4xf32>, tensor<4xf32>) -> tensor<6x4xf32>
  %z = graph.tanh %f : (tensor<6x4xf32>) -> tensor<6x4xf32>
  func.return %z : tensor<6x4xf32>
}

// REWRITE M2: a view with one more leading dim meets the value itself.
// CHECK-LABEL: func.func @unit
func.func @unit(%x: tensor<6x4xf32>) -> tensor<1x6x4xf32> {
  // CHECK-NEXT: [[M:%.*]] = graph.mul %x, %x : (tensor<6x4xf32>
  // CHECK-NEXT: graph.reshape [[M]]
  %a = graph.reshape %x : (tensor<6x4xf32>) -> tensor<1x6x4xf32>
  %z = graph.mul %x, %a : (tensor<6x4xf32>, tensor<1x6x4xf32>) -> tensor<1x6x4xf32>
  func.return %z : tensor<1x6x4xf32>
}

// REWRITE M2: norms and softmax along kept dims.
// CHECK-LABEL: func.func @trailing
func.func @trailing(%x: tensor<6x4xf32>, %s: tensor<4xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: [[N:%.*]] = graph.layer_norm %x, %s {axis = 1 : i64
  // CHECK-NEXT: [[S:%.*]] = graph.softmax [[N]] {axis = 1 : i64}
  // CHECK-NEXT: graph.reshape [[S]]
  %a = graph.reshape %x : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %n = graph.layer_norm %a, %s {axis = 2 : i64, epsilon = 0.5} : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %z = graph.softmax %n {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return %z : tensor<2x3x4xf32>
}

// REWRITE M2 negative: an operand varies along the reshaped dims; a softmax over them.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x3x4xf32>, %y: tensor<6x1xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  // CHECK-NEXT: [[A:%.*]] = graph.reshape %x
  // CHECK-NEXT: graph.add [[A]], %y
  // CHECK-NEXT: graph.softmax [[A]]
  %a = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %e = graph.add %a, %y : (tensor<6x4xf32>, tensor<6x1xf32>) -> tensor<6x4xf32>
  %z = graph.softmax %a {axis = 0 : i64} : (tensor<6x4xf32>) -> tensor<6x4xf32>
  func.return %e, %z : tensor<6x4xf32>, tensor<6x4xf32>
}
