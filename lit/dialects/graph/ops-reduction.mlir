// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Ops along axes.
// CHECK-LABEL: func.func @reduction
func.func @reduction(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) {
  // CHECK: %sum = graph.reduce %x {kind = "sum", axes = array<i64: 0, 2>, keepdims = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<6xf32>
  %sum = graph.reduce %x {kind = "sum", axes = array<i64: 0, 2>, keepdims = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<6xf32>
  // CHECK: %mean = graph.reduce %x {kind = "mean", axes = array<i64: 2>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x1xf32, #graph.tensor<["n", 6, 1]>>
  %mean = graph.reduce %x {kind = "mean", axes = array<i64: 2>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x1xf32, #graph.tensor<["n", 6, 1]>>
  // CHECK: %max = graph.arg_reduce %x {kind = "max", axis = 1 : i64, keepdims = false, select_last_index = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x4xsi64, #graph.tensor<["n", 4]>>
  %max = graph.arg_reduce %x {kind = "max", axis = 1 : i64, keepdims = false, select_last_index = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x4xsi64, #graph.tensor<["n", 4]>>
  // CHECK: %softmax = graph.softmax %x {axis = 2 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %softmax = graph.softmax %x {axis = 2 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %log = graph.log_softmax %x {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %log = graph.log_softmax %x {axis = 1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %cumsum = graph.cumsum %x {axis = 0 : i64, exclusive = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %cumsum = graph.cumsum %x {axis = 0 : i64, exclusive = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %cumprod = graph.cumprod %x {axis = 0 : i64, reverse = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  %cumprod = graph.cumprod %x {axis = 0 : i64, reverse = true} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  // CHECK: %values, %indices = graph.top_k %x {k = #graph.dim<3>, axis = 1 : i64, largest = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> (tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<?x3x4xsi64, #graph.tensor<["n", 3, 4]>>)
  %values, %indices = graph.top_k %x {k = #graph.dim<3>, axis = 1 : i64, largest = false} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> (tensor<?x3x4xf32, #graph.tensor<["n", 3, 4]>>, tensor<?x3x4xsi64, #graph.tensor<["n", 3, 4]>>)
  func.return
}
