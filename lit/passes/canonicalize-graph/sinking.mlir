// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R3: flattened for a linear layer and unflattened after its activation.
// REWRITE M2: a reshape sinks until it meets its inverse.
// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x7x8xf32, #graph.tensor<["n", 7, 8]>>, %w: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<?x7x16xf32, #graph.tensor<["n", 7, 16]>> {
  // CHECK-NEXT: %{{.*}} = graph.matmul %x, %w : {{.*}} -> tensor<?x7x16xf32
  // CHECK-NEXT: %{{.*}} = graph.add %{{.*}}, %b
  // CHECK-NEXT: %{{.*}} = graph.relu
  // CHECK-NEXT: %{{.*}} = graph.softmax %{{.*}} {axis = 2 : i64}
  // CHECK-NEXT: func.return
  %flat = graph.reshape %x : (tensor<?x7x8xf32, #graph.tensor<["n", 7, 8]>>) -> tensor<?x8xf32, #graph.tensor<["7*n", 8]>>
  %y = graph.matmul %flat, %w : (tensor<?x8xf32, #graph.tensor<["7*n", 8]>>, tensor<8x16xf32>) -> tensor<?x16xf32, #graph.tensor<["7*n", 16]>>
  %z = graph.add %y, %b : (tensor<?x16xf32, #graph.tensor<["7*n", 16]>>, tensor<16xf32>) -> tensor<?x16xf32, #graph.tensor<["7*n", 16]>>
  %r = graph.relu %z : (tensor<?x16xf32, #graph.tensor<["7*n", 16]>>) -> tensor<?x16xf32, #graph.tensor<["7*n", 16]>>
  %s = graph.softmax %r {axis = 1 : i64} : (tensor<?x16xf32, #graph.tensor<["7*n", 16]>>) -> tensor<?x16xf32, #graph.tensor<["7*n", 16]>>
  %back = graph.reshape %s : (tensor<?x16xf32, #graph.tensor<["7*n", 16]>>) -> tensor<?x7x16xf32, #graph.tensor<["n", 7, 16]>>
  func.return %back : tensor<?x7x16xf32, #graph.tensor<["n", 7, 16]>>
}

// -----

// REWRITE U5: batch and heads of attention merged for a transpose and a batched product.
// CHECK-LABEL: func.func @heads
func.func @heads(%q: tensor<2x3x5x4xf32>, %k: tensor<2x5x3x4xf32>) -> tensor<2x3x5x5xf32> {
  // CHECK-NEXT: %[[k:.*]] = graph.transpose %k {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x4x5xf32>
  // CHECK-NEXT: %{{.*}} = graph.matmul %q, %[[k]] : {{.*}} -> tensor<2x3x5x5xf32>
  // CHECK-NEXT: func.return
  %t = graph.transpose %k {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x5x4xf32>
  %kf = graph.reshape %t : (tensor<2x3x5x4xf32>) -> tensor<6x5x4xf32>
  %kt = graph.transpose %kf {perm = array<i64: 0, 2, 1>} : (tensor<6x5x4xf32>) -> tensor<6x4x5xf32>
  %qf = graph.reshape %q : (tensor<2x3x5x4xf32>) -> tensor<6x5x4xf32>
  %p = graph.matmul %qf, %kt : (tensor<6x5x4xf32>, tensor<6x4x5xf32>) -> tensor<6x5x5xf32>
  %y = graph.reshape %p : (tensor<6x5x5xf32>) -> tensor<2x3x5x5xf32>
  func.return %y : tensor<2x3x5x5xf32>
}

// -----

// REWRITE M2 negative: the op works along a merged dim, reads the other operand along one, or the reshape splits.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x3x4xf32>, %b: tensor<6x1xf32>, %w: tensor<12x5xf32>) -> (tensor<6x4xf32>, tensor<2x5xf32>, tensor<1x4xf32>, tensor<4x6xf32>) {
  // CHECK-NEXT: graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  // CHECK-NEXT: graph.add
  %a = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %y = graph.add %a, %b : (tensor<6x4xf32>, tensor<6x1xf32>) -> tensor<6x4xf32>
  // CHECK-NEXT: graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
  // CHECK-NEXT: graph.matmul
  %c = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
  %m = graph.matmul %c, %w : (tensor<2x12xf32>, tensor<12x5xf32>) -> tensor<2x5xf32>
  // CHECK-NEXT: graph.slice
  %s = graph.slice %a {starts = #graph.dims<[4, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<6x4xf32>) -> tensor<1x4xf32>
  // CHECK-NEXT: graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: graph.relu
  %d = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<4x6xf32>
  %r = graph.relu %d : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return %y, %m, %s, %r : tensor<6x4xf32>, tensor<2x5xf32>, tensor<1x4xf32>, tensor<4x6xf32>
}

// -----

// REWRITE M2: reductions, normalisations and slices of dims that stay as they are.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<2x3x1x8xf32>, %g: tensor<8xf32>) -> tensor<6xf32> {
  // CHECK-NEXT: %[[norm:.*]] = graph.layer_norm %x, %g {axis = 3 : i64
  // CHECK-NEXT: %[[part:.*]] = graph.slice %[[norm]] {starts = #graph.dims<[0, 0, 0, 4]>
  // CHECK-NEXT: %[[sum:.*]] = graph.reduce %[[part]] {kind = "sum", axes = array<i64: 3>, keepdims = false}
  // CHECK-NEXT: graph.reshape %[[sum]] : (tensor<2x3x1xf32>) -> tensor<6xf32>
  %a = graph.reshape %x : (tensor<2x3x1x8xf32>) -> tensor<6x8xf32>
  %b = graph.layer_norm %a, %g {axis = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  %c = graph.slice %b {starts = #graph.dims<[0, 4]>, steps = #graph.dims<[1, 1]>} : (tensor<6x8xf32>) -> tensor<6x4xf32>
  %d = graph.reduce %c {kind = "sum", axes = array<i64: 1>, keepdims = false} : (tensor<6x4xf32>) -> tensor<6xf32>
  func.return %d : tensor<6xf32>
}
