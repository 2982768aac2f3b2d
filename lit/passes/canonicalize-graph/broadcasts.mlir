// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R3: a reshape or broadcast before an elementwise op that broadcasts the same.
// CHECK-LABEL: func.func @absorbed
func.func @absorbed(%x: tensor<2x3x4xf32>, %y: tensor<4xf32>, %z: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: %a = graph.add %x, %y : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %row = graph.reshape %y : (tensor<4xf32>) -> tensor<1x1x4xf32>
  %a = graph.add %x, %row : (tensor<2x3x4xf32>, tensor<1x1x4xf32>) -> tensor<2x3x4xf32>
  // CHECK-NEXT: %b = graph.mul %a, %z : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
  %wide = graph.broadcast %z : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
  %b = graph.mul %a, %wide : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return %b : tensor<2x3x4xf32>
}

// -----

// REWRITE R3 negative: the reshape gives the result its dims, or moves dims.
// CHECK-LABEL: func.func @needed
func.func @needed(%x: tensor<4xf32>, %y: tensor<4x4xf32>) -> (tensor<1x4xf32>, tensor<4x4xf32>) {
  // CHECK-NEXT: graph.reshape
  // CHECK-NEXT: graph.add
  %row = graph.reshape %x : (tensor<4xf32>) -> tensor<1x4xf32>
  %a = graph.add %x, %row : (tensor<4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  // CHECK-NEXT: graph.reshape
  %column = graph.reshape %x : (tensor<4xf32>) -> tensor<4x1xf32>
  %b = graph.add %y, %column : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  func.return %a, %b : tensor<1x4xf32>, tensor<4x4xf32>
}

// -----

// REWRITE M2: a broadcast that gives the result its dims goes below, so that less is computed.
// CHECK-LABEL: func.func @below
func.func @below(%x: tensor<4xf32>) -> tensor<3x4xf32> {
  // CHECK-NEXT: %[[sum:.*]] = graph.add %x, %x
  // CHECK-NEXT: graph.broadcast %[[sum]]
  %wide = graph.broadcast %x : (tensor<4xf32>) -> tensor<3x4xf32>
  %a = graph.add %x, %wide : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  func.return %a : tensor<3x4xf32>
}
