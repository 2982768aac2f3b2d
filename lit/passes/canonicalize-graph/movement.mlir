// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R3: consecutive ops of a kind are one. REWRITE R4: inverse ones are none.
// CHECK-LABEL: func.func @chains
func.func @chains(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x1x2xf32>) {
  // CHECK-NEXT: %b = graph.transpose %x {perm = array<i64: 2, 0, 1>}
  %a = graph.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = graph.transpose %a {perm = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %c = graph.transpose %b {perm = array<i64: 1, 2, 0>} : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  %d = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %e = graph.reshape %d : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  // CHECK-NEXT: %g = graph.slice %x {starts = #graph.dims<[0, 2, 3]>, steps = #graph.dims<[1, 2, -2]>}
  %f = graph.slice %x {starts = #graph.dims<[0, 0, 3]>, steps = #graph.dims<[1, 2, -1]>} : (tensor<2x3x4xf32>) -> tensor<2x2x4xf32>
  %g = graph.slice %f {starts = #graph.dims<[0, 1, 0]>, steps = #graph.dims<[1, 1, 2]>} : (tensor<2x2x4xf32>) -> tensor<2x1x2xf32>
  // CHECK-NEXT: func.return %b, %x, %x, %g
  func.return %b, %c, %e, %g : tensor<4x2x3xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x1x2xf32>
}

// -----

// REWRITE R2: data movement that moves nothing, or only dims of 1.
// CHECK-LABEL: func.func @nothing
func.func @nothing(%x: tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>, tensor<1x?x4xf32, #graph.tensor<[1, "n", 4]>>) {
  %a = graph.slice %x {starts = #graph.dims<[0, 0, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>
  %b = graph.pad %a {low = #graph.dims<[0, 0, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>
  %c = graph.broadcast %b : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>
  %d = graph.concat %c {axis = 0 : i64} : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>
  %e = graph.resize %d {mode = "linear"} : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>
  // CHECK-NEXT: %f = graph.reshape %x
  %f = graph.transpose %e {perm = array<i64: 1, 0, 2>} : (tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>) -> tensor<1x?x4xf32, #graph.tensor<[1, "n", 4]>>
  // CHECK-NEXT: func.return %x, %f
  func.return %e, %f : tensor<?x1x4xf32, #graph.tensor<["n", 1, 4]>>, tensor<1x?x4xf32, #graph.tensor<[1, "n", 4]>>
}

// -----

// REWRITE R2 negative, REWRITE R3 negative: dims that may differ, a reversal, values that differ.
// CHECK-LABEL: func.func @something
func.func @something(%x: tensor<4x?xf32, #graph.tensor<[4, "n"]>>) -> (tensor<4x?xf32, #graph.tensor<[4, "n"]>>, tensor<?x4xf32, #graph.tensor<["n", 4]>>, tensor<8x?xf32, #graph.tensor<[8, "n"]>>) {
  // CHECK-NEXT: graph.slice
  %a = graph.slice %x {starts = #graph.dims<[3, 0]>, steps = #graph.dims<[-1, 1]>} : (tensor<4x?xf32, #graph.tensor<[4, "n"]>>) -> tensor<4x?xf32, #graph.tensor<[4, "n"]>>
  // CHECK-NEXT: graph.transpose
  %b = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<4x?xf32, #graph.tensor<[4, "n"]>>) -> tensor<?x4xf32, #graph.tensor<["n", 4]>>
  %one = graph.constant dense<1.0> : tensor<f32>
  // CHECK: graph.pad
  %c = graph.pad %x, %one {low = #graph.dims<[1, 0]>, high = #graph.dims<[1, 0]>} : (tensor<4x?xf32, #graph.tensor<[4, "n"]>>, tensor<f32>) -> tensor<6x?xf32, #graph.tensor<[6, "n"]>>
  // CHECK-NEXT: graph.pad
  %d = graph.pad %c {low = #graph.dims<[1, 0]>, high = #graph.dims<[1, 0]>} : (tensor<6x?xf32, #graph.tensor<[6, "n"]>>) -> tensor<8x?xf32, #graph.tensor<[8, "n"]>>
  func.return %a, %b, %d : tensor<4x?xf32, #graph.tensor<[4, "n"]>>, tensor<?x4xf32, #graph.tensor<["n", 4]>>, tensor<8x?xf32, #graph.tensor<[8, "n"]>>
}
