// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Ops that address elements by index tensors.
// CHECK-LABEL: func.func @indexing
func.func @indexing(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %i: tensor<?x2xsi64, #graph.tensor<["m", 2]>>, %e: tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>, %u: tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>, %w: tensor<?x4xf32, #graph.tensor<["m", 4]>>, %d: tensor<si64>, %v: tensor<2xf32>) {
  // CHECK: %gather = graph.gather %x, %i {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x?x2x4xf32, #graph.tensor<["n", "m", 2, 4]>>
  %gather = graph.gather %x, %i {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x?x2x4xf32, #graph.tensor<["n", "m", 2, 4]>>
  // CHECK: %elements = graph.gather_elements %x, %e {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>) -> tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>
  %elements = graph.gather_elements %x, %e {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>) -> tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>
  // CHECK: %nd = graph.gather_nd %x, %i : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x4xf32, #graph.tensor<["m", 4]>>
  %nd = graph.gather_nd %x, %i : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>) -> tensor<?x4xf32, #graph.tensor<["m", 4]>>
  // CHECK: %scatter = graph.scatter_elements %x, %e, %u {axis = 1 : i64, reduction = "add"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>, tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %scatter = graph.scatter_elements %x, %e, %u {axis = 1 : i64, reduction = "add"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2x4xsi64, #graph.tensor<["n", 2, 4]>>, tensor<?x2x4xf32, #graph.tensor<["n", 2, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %scatter_nd = graph.scatter_nd %x, %i, %w : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<?x4xf32, #graph.tensor<["m", 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %scatter_nd = graph.scatter_nd %x, %i, %w : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<?x4xf32, #graph.tensor<["m", 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %hot = graph.one_hot %i, %d, %v {axis = 2 : i64} : (tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<si64>, tensor<2xf32>) -> tensor<?x2x10xf32, #graph.tensor<["m", 2, 10]>>
  %hot = graph.one_hot %i, %d, %v {axis = 2 : i64} : (tensor<?x2xsi64, #graph.tensor<["m", 2]>>, tensor<si64>, tensor<2xf32>) -> tensor<?x2x10xf32, #graph.tensor<["m", 2, 10]>>
  func.return
}
