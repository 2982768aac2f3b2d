// RUN: tilewright-opt %s -p recognize-softmax | filecheck %s

// REWRITE U10: softmax.
// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: [[Y:%.*]] = graph.softmax %x {axis = 1 : i64}
  // CHECK-NEXT: func.return [[Y]]
  %m = graph.reduce %x {kind = "max", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %e = graph.exp %d : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = graph.reduce %e {kind = "sum", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %y = graph.div %e, %s : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: softmax without the maximum, by a reciprocal; its logarithm.
// CHECK-LABEL: func.func @log_of_softmax
func.func @log_of_softmax(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: [[Y:%.*]] = graph.log_softmax %x {axis = 1 : i64}
  // CHECK-NEXT: func.return [[Y]]
  %e = graph.exp %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = graph.reduce %e {kind = "sum", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %r = graph.reciprocal %s : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %p = graph.mul %e, %r : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %y = graph.log %p : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: log-softmax.
// CHECK-LABEL: func.func @log_softmax
func.func @log_softmax(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: [[Y:%.*]] = graph.log_softmax %x {axis = 1 : i64}
  // CHECK-NEXT: func.return [[Y]]
  %m = graph.reduce %x {kind = "max", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %e = graph.exp %d : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = graph.reduce %e {kind = "sum", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %l = graph.log %s : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = graph.sub %d, %l : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10 negative: the sum over both axes; the sum of another tensor.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x4xf32>, %z: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK-NOT: graph.softmax
  %e = graph.exp %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = graph.reduce %e {kind = "sum", axes = array<i64: 0, 1>} : (tensor<2x4xf32>) -> tensor<1x1xf32>
  %y = graph.div %e, %s : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %f = graph.exp %z : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = graph.reduce %f {kind = "sum", axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %w = graph.div %e, %t : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y, %w : tensor<2x4xf32>, tensor<2x4xf32>
}
