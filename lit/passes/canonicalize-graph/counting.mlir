// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE F2: position ids, taken from a table of 0 to 511, look up position embeddings. Import assumed that seq is at most 512.
// CHECK-LABEL: func.func @positions
func.func @positions(%x: tensor<?xf32, #graph.tensor<["seq"]>>, %table: tensor<512x8xf32>) -> tensor<1x?x8xf32, #graph.tensor<[1, "seq", 8]>> attributes {graph.assumptions = #graph.dims<["-seq + 512"]>} {
  // CHECK-NEXT: %[[part:.*]] = graph.slice %table {starts = #graph.dims<[0, 0]>, {{.*}} -> tensor<?x8xf32, #graph.tensor<["seq", 8]>>
  // CHECK-NEXT: graph.reshape %[[part]]
  %zero = graph.constant dense<0> : tensor<si64>
  %one = graph.constant dense<1> : tensor<si64>
  %n = graph.dims <["seq"]> {scalar = true} : tensor<si64>
  %ids = graph.range %zero, %n, %one : (tensor<si64>, tensor<si64>, tensor<si64>) -> tensor<?xsi64, #graph.tensor<["seq"]>>
  %row = graph.reshape %ids : (tensor<?xsi64, #graph.tensor<["seq"]>>) -> tensor<1x?xsi64, #graph.tensor<[1, "seq"]>>
  %y = graph.gather %table, %row {axis = 0 : i64} : (tensor<512x8xf32>, tensor<1x?xsi64, #graph.tensor<[1, "seq"]>>) -> tensor<1x?x8xf32, #graph.tensor<[1, "seq", 8]>>
  func.return %y : tensor<1x?x8xf32, #graph.tensor<[1, "seq", 8]>>
}

// -----

// REWRITE F4: an attention mask looked up at all its positions, and a comparison of positions that always holds.
// CHECK-LABEL: func.func @mask
func.func @mask(%mask: tensor<?x?xi1, #graph.tensor<["b", "s"]>>) -> tensor<?x1x?x?xi1, #graph.tensor<["b", 1, "s", "s"]>> {
  // CHECK-NEXT: %[[wide:.*]] = graph.reshape %mask : {{.*}} -> tensor<?x1x1x?xi1, #graph.tensor<["b", 1, 1, "s"]>>
  // CHECK-NEXT: %[[all:.*]] = graph.broadcast %[[wide]] : {{.*}} -> tensor<?x1x?x?xi1, #graph.tensor<["b", 1, "s", "s"]>>
  // CHECK-NEXT: func.return %[[all]]
  %zero = graph.constant dense<0> : tensor<si64>
  %one = graph.constant dense<1> : tensor<si64>
  %b = graph.dims <["b"]> {scalar = true} : tensor<si64>
  %s = graph.dims <["s"]> {scalar = true} : tensor<si64>
  %i = graph.range %zero, %b, %one : (tensor<si64>, tensor<si64>, tensor<si64>) -> tensor<?xsi64, #graph.tensor<["b"]>>
  %j = graph.range %zero, %s, %one : (tensor<si64>, tensor<si64>, tensor<si64>) -> tensor<?xsi64, #graph.tensor<["s"]>>
  %i1 = graph.reshape %i : (tensor<?xsi64, #graph.tensor<["b"]>>) -> tensor<?x1x1x1x1xsi64, #graph.tensor<["b", 1, 1, 1, 1]>>
  %i2 = graph.broadcast %i1 : (tensor<?x1x1x1x1xsi64, #graph.tensor<["b", 1, 1, 1, 1]>>) -> tensor<?x1x1x?x1xsi64, #graph.tensor<["b", 1, 1, "s", 1]>>
  %j1 = graph.reshape %j : (tensor<?xsi64, #graph.tensor<["s"]>>) -> tensor<1x1x1x?x1xsi64, #graph.tensor<[1, 1, 1, "s", 1]>>
  %j2 = graph.broadcast %j1 : (tensor<1x1x1x?x1xsi64, #graph.tensor<[1, 1, 1, "s", 1]>>) -> tensor<?x1x1x?x1xsi64, #graph.tensor<["b", 1, 1, "s", 1]>>
  %at = graph.concat %i2, %j2 {axis = 4 : i64} : (tensor<?x1x1x?x1xsi64, #graph.tensor<["b", 1, 1, "s", 1]>>, tensor<?x1x1x?x1xsi64, #graph.tensor<["b", 1, 1, "s", 1]>>) -> tensor<?x1x1x?x2xsi64, #graph.tensor<["b", 1, 1, "s", 2]>>
  %found = graph.gather_nd %mask, %at : (tensor<?x?xi1, #graph.tensor<["b", "s"]>>, tensor<?x1x1x?x2xsi64, #graph.tensor<["b", 1, 1, "s", 2]>>) -> tensor<?x1x1x?xi1, #graph.tensor<["b", 1, 1, "s"]>>
  %row = graph.reshape %j : (tensor<?xsi64, #graph.tensor<["s"]>>) -> tensor<?x1xsi64, #graph.tensor<["s", 1]>>
  %past = graph.greater_equal %row, %zero : (tensor<?x1xsi64, #graph.tensor<["s", 1]>>, tensor<si64>) -> tensor<?x1xi1, #graph.tensor<["s", 1]>>
  %both = graph.and %past, %found : (tensor<?x1xi1, #graph.tensor<["s", 1]>>, tensor<?x1x1x?xi1, #graph.tensor<["b", 1, 1, "s"]>>) -> tensor<?x1x?x?xi1, #graph.tensor<["b", 1, "s", "s"]>>
  func.return %both : tensor<?x1x?x?xi1, #graph.tensor<["b", 1, "s", "s"]>>
}

// -----

// REWRITE F2 negative, REWRITE F4 negative: what may be outside; a causal mask; indices in another order.
// CHECK-LABEL: func.func @unknown
func.func @unknown(%x: tensor<?x8xf32, #graph.tensor<["n", 8]>>, %y: tensor<3x2xf32>) -> (tensor<4x8xf32>, tensor<4x4xi1>, tensor<2x3xf32>) {
  %i = graph.constant dense<[0, 1, 2, 3]> : tensor<4xsi64>
  // CHECK: graph.gather %x
  %a = graph.gather %x, %i {axis = 0 : i64} : (tensor<?x8xf32, #graph.tensor<["n", 8]>>, tensor<4xsi64>) -> tensor<4x8xf32>
  %n = graph.dims <["n"]> {scalar = true} : tensor<si64>
  %j = graph.constant dense<[[0], [1], [2], [3]]> : tensor<4x1xsi64>
  %k = graph.add %i, %n : (tensor<4xsi64>, tensor<si64>) -> tensor<4xsi64>
  // CHECK: graph.less_equal
  %causal = graph.less_equal %k, %j : (tensor<4xsi64>, tensor<4x1xsi64>) -> tensor<4x4xi1>
  %turned = graph.constant dense<[[[0, 0], [1, 0], [2, 0]], [[0, 1], [1, 1], [2, 1]]]> : tensor<2x3x2xsi64>
  // CHECK: graph.gather_nd
  %b = graph.gather_nd %y, %turned : (tensor<3x2xf32>, tensor<2x3x2xsi64>) -> tensor<2x3xf32>
  func.return %a, %causal, %b : tensor<4x8xf32>, tensor<4x4xi1>, tensor<2x3xf32>
}
