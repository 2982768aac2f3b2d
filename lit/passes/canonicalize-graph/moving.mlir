// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE M1: queries, keys and values taken out of one product: the transpose only moved dims of 1.
// CHECK-LABEL: func.func @packed
func.func @packed(%x: tensor<5x1x24xf32>) -> (tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>) {
  // CHECK-NOT: graph.transpose
  // CHECK-COUNT-3: graph.slice {{.*}} -> tensor<5x1x1x8xf32>
  %a = graph.reshape %x : (tensor<5x1x24xf32>) -> tensor<5x1x3x8xf32>
  %t = graph.transpose %a {perm = array<i64: 2, 0, 1, 3>} : (tensor<5x1x3x8xf32>) -> tensor<3x5x1x8xf32>
  %s = graph.reshape %t : (tensor<3x5x1x8xf32>) -> tensor<3x5x8xf32>
  %q = graph.slice %s {starts = #graph.dims<[0, 0, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<3x5x8xf32>) -> tensor<1x5x8xf32>
  %k = graph.slice %s {starts = #graph.dims<[1, 0, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<3x5x8xf32>) -> tensor<1x5x8xf32>
  %v = graph.slice %s {starts = #graph.dims<[2, 0, 0]>, steps = #graph.dims<[1, 1, 1]>} : (tensor<3x5x8xf32>) -> tensor<1x5x8xf32>
  %q2 = graph.reshape %q : (tensor<1x5x8xf32>) -> tensor<5x8xf32>
  %k2 = graph.reshape %k : (tensor<1x5x8xf32>) -> tensor<5x8xf32>
  %v2 = graph.reshape %v : (tensor<1x5x8xf32>) -> tensor<5x8xf32>
  func.return %q2, %k2, %v2 : tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

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

// REWRITE M1 negative: the whole is used as well, or two parts of it would each be put together.
// CHECK-LABEL: func.func @whole
func.func @whole(%x: tensor<3x4xf32>, %y: tensor<3x5xf32>) -> (tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x9xf32>, tensor<2x9xf32>) {
  // CHECK-NEXT: %t = graph.transpose %x
  // CHECK-NEXT: graph.slice %t
  %t = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %row = graph.slice %t {starts = #graph.dims<[2, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<4x3xf32>) -> tensor<1x3xf32>
  // CHECK-NEXT: %all = graph.concat %x, %y
  %all = graph.concat %x, %y {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x5xf32>) -> tensor<3x9xf32>
  %top = graph.slice %all {starts = #graph.dims<[0, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<3x9xf32>) -> tensor<1x9xf32>
  %rest = graph.slice %all {starts = #graph.dims<[1, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<3x9xf32>) -> tensor<2x9xf32>
  func.return %t, %row, %top, %rest : tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x9xf32>, tensor<2x9xf32>
}

// -----

// REWRITE M2: transposes and broadcasts go below elementwise ops; constants turn the other way.
// CHECK-LABEL: func.func @below
func.func @below(%x: tensor<1x4x5x3xf32>, %y: tensor<1x4x5x3xf32>, %z: tensor<3x1xf32>) -> (tensor<1x3x4x5xf32>, tensor<7x3xf32>) {
  // CHECK:      %[[scaled:.*]] = graph.mul %x, %{{.*}} : (tensor<1x4x5x3xf32>, tensor<3xf32>) -> tensor<1x4x5x3xf32>
  // CHECK-NEXT: %[[sum:.*]] = graph.add %[[scaled]], %y
  // CHECK-NEXT: %{{.*}} = graph.transpose %[[sum]] {perm = array<i64: 0, 3, 1, 2>}
  %scale = graph.constant dense<[[[1.0]], [[2.0]], [[3.0]]]> : tensor<3x1x1xf32>
  %a = graph.transpose %x {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x5xf32>
  %b = graph.mul %a, %scale : (tensor<1x3x4x5xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4x5xf32>
  %c = graph.transpose %y {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x5xf32>
  %d = graph.add %b, %c : (tensor<1x3x4x5xf32>, tensor<1x3x4x5xf32>) -> tensor<1x3x4x5xf32>
  // CHECK-NEXT: %[[exp:.*]] = graph.exp %z
  // CHECK-NEXT: %[[turned:.*]] = graph.reshape %[[exp]] : (tensor<3x1xf32>) -> tensor<1x3xf32>
  // CHECK-NEXT: graph.broadcast %[[turned]] : (tensor<1x3xf32>) -> tensor<7x3xf32>
  %wide = graph.broadcast %z : (tensor<3x1xf32>) -> tensor<3x7xf32>
  %t = graph.transpose %wide {perm = array<i64: 1, 0>} : (tensor<3x7xf32>) -> tensor<7x3xf32>
  %e = graph.exp %t : (tensor<7x3xf32>) -> tensor<7x3xf32>
  func.return %d, %e : tensor<1x3x4x5xf32>, tensor<7x3xf32>
}

// -----

// REWRITE M2 negative: both transposes are needed anyway, other permutations, an operand that is neither turned nor constant.
// CHECK-LABEL: func.func @turned
func.func @turned(%x: tensor<4x4xf32>, %y: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  // CHECK-NEXT: %t = graph.transpose %x
  // CHECK-NEXT: graph.relu %t
  // CHECK-NEXT: graph.add %t, %y
  %t = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = graph.relu %t : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %a = graph.add %t, %y : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  func.return %t, %r, %a : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}
