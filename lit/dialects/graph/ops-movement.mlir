// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Data movement: sizes come from the result type where the operands do not say them.
// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %v: tensor<f32>) {
  // CHECK: %transpose = graph.transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<4x?x6xf32, #graph.tensor<[4, "n", 6]>>
  %transpose = graph.transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<4x?x6xf32, #graph.tensor<[4, "n", 6]>>
  // CHECK: %reshape = graph.reshape %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?xf32, #graph.tensor<["24*n"]>>
  %reshape = graph.reshape %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?xf32, #graph.tensor<["24*n"]>>
  // CHECK: %broadcast = graph.broadcast %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<3x?x6x4xf32, #graph.tensor<[3, "n", 6, 4]>>
  %broadcast = graph.broadcast %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<3x?x6x4xf32, #graph.tensor<[3, "n", 6, 4]>>
  // CHECK: %stretch = graph.stretch %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<2x?x6x4xf32, #graph.tensor<[2, "max(m, n)", 6, 4]>>
  %stretch = graph.stretch %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<2x?x6x4xf32, #graph.tensor<[2, "max(m, n)", 6, 4]>>
  // CHECK: %slice = graph.slice %x {starts = #graph.dims<["n - 1", 0, 3]>, steps = #graph.dims<[-1, 2, 1]>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x3x1xf32, #graph.tensor<["n", 3, 1]>>
  %slice = graph.slice %x {starts = #graph.dims<["n - 1", 0, 3]>, steps = #graph.dims<[-1, 2, 1]>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x3x1xf32, #graph.tensor<["n", 3, 1]>>
  // CHECK: %concat = graph.concat %x, %x {axis = 0 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["2*n", 6, 4]>>
  %concat = graph.concat %x, %x {axis = 0 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["2*n", 6, 4]>>
  // CHECK: %pad = graph.pad %x {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<["n", 0, -1]>, mode = "edge"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x7x3xf32, #graph.tensor<["2*n", 7, 3]>>
  %pad = graph.pad %x {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<["n", 0, -1]>, mode = "edge"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x7x3xf32, #graph.tensor<["2*n", 7, 3]>>
  // CHECK: %value = graph.pad %x, %v {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<f32>) -> tensor<?x7x4xf32, #graph.tensor<["n", 7, 4]>>
  %value = graph.pad %x, %v {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<f32>) -> tensor<?x7x4xf32, #graph.tensor<["n", 7, 4]>>
  // CHECK: %relayout = graph.relayout %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4], order [0, 2, 1]>>
  %relayout = graph.relayout %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4], order [0, 2, 1]>>
  // CHECK: %trilu = graph.trilu %x {upper = false, k = -1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %trilu = graph.trilu %x {upper = false, k = -1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %resize = graph.resize %x {mode = "linear", coordinate = "asymmetric", scales = array<f64: 1.000000e+00, 2.000000e+00, 1.500000e+00>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x12x6xf32, #graph.tensor<["n", 12, 6]>>
  %resize = graph.resize %x {mode = "linear", coordinate = "asymmetric", scales = array<f64: 1.000000e+00, 2.000000e+00, 1.500000e+00>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x12x6xf32, #graph.tensor<["n", 12, 6]>>
  func.return
}
