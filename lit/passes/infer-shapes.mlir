// RUN: tilewright-opt %s -p infer-shapes | filecheck %s

// CHECK-LABEL: func.func @forward
// CHECK-SAME:    -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
func.func @forward(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %w: tensor<4x8x3x3xf32>) -> tensor<?x?x?x?xf32> {
  // CHECK: graph.conv {{.*}} -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  %y = graph.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<4x8x3x3xf32>) -> tensor<?x?x?x?xf32>
  // CHECK: graph.relu {{.*}} -> tensor<?x4x3x3xf32, #graph.tensor<["n", 4, 3, 3]>>
  %z = graph.relu %y : (tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  func.return %z : tensor<?x?x?x?xf32>
}

// A reshape with one unknown dim: the number of elements says it.
// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) {
  // CHECK: graph.reshape {{.*}} -> tensor<?x8xf32, #graph.tensor<["3*n", 8]>>
  %y = graph.reshape %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x8xf32>
  func.return
}

// The memory order stays as declared.
// CHECK-LABEL: func.func @order
func.func @order(%x: tensor<2x3x4x5xf32>) {
  // CHECK: graph.neg {{.*}} -> tensor<2x3x4x5xf32, #graph.tensor<order [0, 2, 3, 1]>>
  %y = graph.neg %x : (tensor<2x3x4x5xf32>) -> tensor<?x?x?x?xf32, #graph.tensor<["a", "b", "c", "d"], order [0, 2, 3, 1]>>
  func.return
}

// What both branches agree on is known of the result.
// CHECK-LABEL: func.func @branch
func.func @branch(%c: tensor<i1>, %x: tensor<?x4xf32, #graph.tensor<["n", 4]>>, %z: tensor<?x5xf32, #graph.tensor<["n", 5]>>) {
  // CHECK: } : (tensor<i1>) -> tensor<?x?xf32, #graph.tensor<["n", "_1"]>>
  %y = graph.if %c {
    graph.yield %x : tensor<?x4xf32, #graph.tensor<["n", 4]>>
  } else {
    graph.yield %z : tensor<?x5xf32, #graph.tensor<["n", 5]>>
  } : (tensor<i1>) -> tensor<?x?xf32>
  func.return
}

// A carried value whose shape the body keeps has the shape of its start.
// CHECK-LABEL: func.func @loop
func.func @loop(%trips: tensor<si64>, %x: tensor<4xf32>) {
  // CHECK: } -> tensor<4xf32>, tensor<?x4xf32, #graph.tensor<["trips", 4]>>
  %last, %all = graph.loop trip %trips : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %go: tensor<i1>, %v: tensor<4xf32>):
    %w = graph.neg %v : (tensor<4xf32>) -> tensor<?xf32>
    graph.yield %go, %w, %w : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  } -> tensor<?xf32>, tensor<?x?xf32, #graph.tensor<["trips", "k"]>>
  func.return
}
