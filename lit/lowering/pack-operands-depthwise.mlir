// RUN: tilewright-opt %s -p pack-operands | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // The computed weight of a depthwise convolution is transposed: no panels are needed.
  // CHECK-LABEL: func.func @depthwise
  // CHECK-NEXT:  [[D:%.*]] = kernel.launch @[[MOVE:.*]](%w) : (tensor<4x1x3xf32>) -> tensor<3x4xf32>
  // CHECK-NEXT:  kernel.launch @tw_k1(%x, [[D]])
  func.func @depthwise(%x: tensor<1x4x8xf32, #graph.tensor<order [0, 2, 1]>>, %w: tensor<4x1x3xf32>) -> tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>> {
    %0 = kernel.launch @tw_k1(%x, %w) : (tensor<1x4x8xf32, #graph.tensor<order [0, 2, 1]>>, tensor<4x1x3xf32>) -> tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>>
    func.return %0 : tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>>
  }
  func.func private @tw_k1(%x: tensor<1x4x8xf32, #graph.tensor<order [0, 2, 1]>>, %w: tensor<4x1x3xf32>) -> tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>> attributes {
      kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"window", {lanes = 16 : i64, vectors = 2 : i64, columns = 4 : i64}>} {
    %0 = graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, group = 4 : i64} : (tensor<1x4x8xf32, #graph.tensor<order [0, 2, 1]>>, tensor<4x1x3xf32>) -> tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>>
    func.return %0 : tensor<1x4x6xf32, #graph.tensor<order [0, 2, 1]>>
  }
  // CHECK: func.func private @[[MOVE]]
  // CHECK-NEXT: [[F:%.*]] = graph.reshape
  // CHECK-NEXT: graph.transpose [[F]]
}
