// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE M1: parts of a concat along other dims, down to the operands they come from.
// CHECK-LABEL: func.func @across
func.func @across(%a: tensor<2x4xf32>, %b: tensor<3x4xf32>, %c: tensor<2x5xf32>, %d: tensor<3x5xf32>) -> (tensor<2x9xf32>, tensor<3x9xf32>) {
  // CHECK-NEXT: %{{.*}} = graph.concat %a, %c {axis = 1 : i64}
  // CHECK-NEXT: %{{.*}} = graph.concat %b, %d {axis = 1 : i64}
  // CHECK-NEXT: func.return
  %left = graph.concat %a, %b {axis = 0 : i64} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  %right = graph.concat %c, %d {axis = 0 : i64} : (tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<5x5xf32>
  %all = graph.concat %left, %right {axis = 1 : i64} : (tensor<5x4xf32>, tensor<5x5xf32>) -> tensor<5x9xf32>
  %top = graph.slice %all {starts = #graph.dims<[0, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<5x9xf32>) -> tensor<2x9xf32>
  %rest = graph.slice %all {starts = #graph.dims<[2, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<5x9xf32>) -> tensor<3x9xf32>
  func.return %top, %rest : tensor<2x9xf32>, tensor<3x9xf32>
}

// -----

// REWRITE M1 negative: two parts would each be put together.
// CHECK-LABEL: func.func @whole
func.func @whole(%x: tensor<3x4xf32>, %y: tensor<3x5xf32>) -> (tensor<1x9xf32>, tensor<2x9xf32>) {
  // CHECK-NEXT: %all = graph.concat %x, %y
  %all = graph.concat %x, %y {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x5xf32>) -> tensor<3x9xf32>
  %top = graph.slice %all {starts = #graph.dims<[0, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<3x9xf32>) -> tensor<1x9xf32>
  %rest = graph.slice %all {starts = #graph.dims<[1, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<3x9xf32>) -> tensor<2x9xf32>
  func.return %top, %rest : tensor<1x9xf32>, tensor<2x9xf32>
}

// -----

// REWRITE M2: broadcasts go below what only moves or computes, so that less is moved and computed.
// CHECK-LABEL: func.func @below
func.func @below(%z: tensor<3x1xf32>, %s: tensor<f32>) -> (tensor<7x3xf32>, tensor<2x7xf32>, tensor<21xf32>) {
  // CHECK-NEXT: %[[turned:.*]] = graph.reshape %z : (tensor<3x1xf32>) -> tensor<1x3xf32>
  // CHECK-NEXT: %[[exp:.*]] = graph.exp %[[turned]]
  // CHECK-NEXT: graph.broadcast %[[exp]] : (tensor<1x3xf32>) -> tensor<7x3xf32>
  // CHECK-NEXT: %[[part:.*]] = graph.slice %z {starts = #graph.dims<[1, 0]>, {{.*}} -> tensor<2x1xf32>
  // CHECK-NEXT: graph.broadcast %[[part]] : (tensor<2x1xf32>) -> tensor<2x7xf32>
  // CHECK-NEXT: graph.broadcast %s : (tensor<f32>) -> tensor<21xf32>
  %wide = graph.broadcast %z : (tensor<3x1xf32>) -> tensor<3x7xf32>
  %t = graph.transpose %wide {perm = array<i64: 1, 0>} : (tensor<3x7xf32>) -> tensor<7x3xf32>
  %e = graph.exp %t : (tensor<7x3xf32>) -> tensor<7x3xf32>
  %p = graph.slice %wide {starts = #graph.dims<[1, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<3x7xf32>) -> tensor<2x7xf32>
  %same = graph.broadcast %s : (tensor<f32>) -> tensor<3x7xf32>
  %flat = graph.reshape %same : (tensor<3x7xf32>) -> tensor<21xf32>
  func.return %e, %p, %flat : tensor<7x3xf32>, tensor<2x7xf32>, tensor<21xf32>
}

// -----

// REWRITE U5: batch and heads of attention merged for a transpose: the merge goes below, the transposes meet.
// REWRITE U5 negative: a reshape that splits what is transposed.
// CHECK-LABEL: func.func @heads
func.func @heads(%k: tensor<2x5x3x4xf32>, %x: tensor<6x4xf32>) -> (tensor<6x4x5xf32>, tensor<4x2x3xf32>) {
  // CHECK-NEXT: %[[k:.*]] = graph.transpose %k {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x4x5xf32>
  // CHECK-NEXT: graph.reshape %[[k]] : (tensor<2x3x4x5xf32>) -> tensor<6x4x5xf32>
  %t = graph.transpose %k {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x5x4xf32>
  %kf = graph.reshape %t : (tensor<2x3x5x4xf32>) -> tensor<6x5x4xf32>
  %kt = graph.transpose %kf {perm = array<i64: 0, 2, 1>} : (tensor<6x5x4xf32>) -> tensor<6x4x5xf32>
  // CHECK-NEXT: %[[split:.*]] = graph.reshape %x
  // CHECK-NEXT: graph.transpose %[[split]]
  %s = graph.reshape %x : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %st = graph.transpose %s {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  func.return %kt, %st : tensor<6x4x5xf32>, tensor<4x2x3xf32>
}
