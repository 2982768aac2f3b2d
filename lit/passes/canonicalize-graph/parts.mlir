// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R4: parts of a whole put together again, and taken out of it.
// CHECK-LABEL: func.func @round_trip
func.func @round_trip(%x: tensor<4x6xf32>, %y: tensor<4x2xf32>) -> (tensor<4x6xf32>, tensor<4x1xf32>) {
  %a = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<4x6xf32>) -> tensor<4x1xf32>
  %b = graph.slice %x {starts = #graph.dims<[0, 1]>, steps = #graph.dims<[1, 1]>} : (tensor<4x6xf32>) -> tensor<4x3xf32>
  %c = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = #graph.dims<[1, 1]>} : (tensor<4x6xf32>) -> tensor<4x2xf32>
  %whole = graph.concat %a, %b, %c {axis = 1 : i64} : (tensor<4x1xf32>, tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %taken = graph.slice %y {starts = #graph.dims<[0, 1]>
  %pair = graph.concat %x, %y {axis = 1 : i64} : (tensor<4x6xf32>, tensor<4x2xf32>) -> tensor<4x8xf32>
  %taken = graph.slice %pair {starts = #graph.dims<[0, 7]>, steps = #graph.dims<[1, 1]>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  // CHECK-NEXT: func.return %x, %taken
  func.return %whole, %taken : tensor<4x6xf32>, tensor<4x1xf32>
}

// -----

// REWRITE R4 negative: parts in another order, a slice across operands.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<4x6xf32>, %y: tensor<4x2xf32>) -> (tensor<4x6xf32>, tensor<4x2xf32>) {
  // CHECK-COUNT-2: graph.slice %x
  %a = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = #graph.dims<[1, 1]>} : (tensor<4x6xf32>) -> tensor<4x3xf32>
  %b = graph.slice %x {starts = #graph.dims<[0, 3]>, steps = #graph.dims<[1, 1]>} : (tensor<4x6xf32>) -> tensor<4x3xf32>
  // CHECK: graph.concat
  %swapped = graph.concat %b, %a {axis = 1 : i64} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x6xf32>
  // CHECK: graph.concat
  %pair = graph.concat %x, %y {axis = 1 : i64} : (tensor<4x6xf32>, tensor<4x2xf32>) -> tensor<4x8xf32>
  // CHECK: graph.slice
  %across = graph.slice %pair {starts = #graph.dims<[0, 5]>, steps = #graph.dims<[1, 1]>} : (tensor<4x8xf32>) -> tensor<4x2xf32>
  func.return %swapped, %across : tensor<4x6xf32>, tensor<4x2xf32>
}

// -----

// REWRITE F2: constant indices in steps are a slice. REWRITE F2 negative: others, and what might be outside.
// CHECK-LABEL: func.func @indices
func.func @indices(%x: tensor<?x6xf32, #graph.tensor<["n", 6]>>) -> (tensor<?xf32, #graph.tensor<["n"]>>, tensor<?x3xf32, #graph.tensor<["n", 3]>>, tensor<6xf32>) {
  // CHECK-NEXT: %[[last:.*]] = graph.slice %x {starts = #graph.dims<[0, 5]>
  // CHECK-NEXT: %a = graph.reshape %[[last]]
  %minus = graph.constant dense<-1> : tensor<si64>
  %a = graph.gather %x, %minus {axis = 1 : i64} : (tensor<?x6xf32, #graph.tensor<["n", 6]>>, tensor<si64>) -> tensor<?xf32, #graph.tensor<["n"]>>
  // CHECK-NEXT: %b = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = #graph.dims<[1, -2]>}
  %even = graph.constant dense<[4, 2, 0]> : tensor<3xsi64>
  %b = graph.gather %x, %even {axis = 1 : i64} : (tensor<?x6xf32, #graph.tensor<["n", 6]>>, tensor<3xsi64>) -> tensor<?x3xf32, #graph.tensor<["n", 3]>>
  // CHECK: %c = graph.gather
  %zero = graph.constant dense<0> : tensor<si64>
  %c = graph.gather %x, %zero {axis = 0 : i64} : (tensor<?x6xf32, #graph.tensor<["n", 6]>>, tensor<si64>) -> tensor<6xf32>
  func.return %a, %b, %c : tensor<?xf32, #graph.tensor<["n"]>>, tensor<?x3xf32, #graph.tensor<["n", 3]>>, tensor<6xf32>
}
