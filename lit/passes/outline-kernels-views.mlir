// RUN: tilewright-opt %s -p 'outline-kernels{target="x86-64-v4"}' | filecheck %s

builtin.module {
  // Sizes of run time tell nothing of which dims merge or split; row-major tensors of as many elements are views all the same.
  // CHECK-LABEL: func.func @view
  // CHECK: graph.bind %s to ["a", "b"] : tensor<2xsi64>
  // CHECK-NEXT: %v = graph.reshape %x
  // CHECK-NEXT: kernel.launch @tw_k0_cumsum(%v)
  func.func @view(%x: tensor<4x6xf32>, %s: tensor<2xsi64>) -> tensor<?x?xf32, #graph.tensor<["a", "b"]>> {
    graph.bind %s to ["a", "b"] : tensor<2xsi64>
    %v = graph.reshape %x : (tensor<4x6xf32>) -> tensor<?x?xf32, #graph.tensor<["a", "b"]>>
    %y = graph.cumsum %v {axis = 1 : i64} : (tensor<?x?xf32, #graph.tensor<["a", "b"]>>) -> tensor<?x?xf32, #graph.tensor<["a", "b"]>>
    func.return %y : tensor<?x?xf32, #graph.tensor<["a", "b"]>>
  }

  // Of a tensor in another order, a reshape moves what it merges.
  // CHECK-LABEL: func.func @moves
  // CHECK: kernel.launch @tw_k1_reshape
  func.func @moves(%x: tensor<1x4x6x5xf32, #graph.tensor<order [0, 2, 3, 1]>>) -> tensor<4x30xf32> {
    %y = graph.reshape %x : (tensor<1x4x6x5xf32, #graph.tensor<order [0, 2, 3, 1]>>) -> tensor<4x30xf32>
    func.return %y : tensor<4x30xf32>
  }
}
