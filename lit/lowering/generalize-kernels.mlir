// RUN: tilewright-opt %s -p generalize-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // The launch keeps the sizes; equal dims are one symbol, 1 stays 1.
  // CHECK: kernel.launch @tw_k0(%x) sizes <[7, 40]> : (tensor<1x7x40xf32>) -> tensor<1x7x40xf32>
  func.func @main(%x: tensor<1x7x40xf32>) -> tensor<1x7x40xf32> {
    %0 = kernel.launch @tw_k0(%x) : (tensor<1x7x40xf32>) -> tensor<1x7x40xf32>
    func.return %0 : tensor<1x7x40xf32>
  }
  // CHECK: func.func private @tw_k0(%{{.*}}: tensor<1x?x?xf32, #graph.tensor<[1, "d0", "d1"]>>)
  // CHECK-SAME: kernel.sizes = ["d0", "d1"], kernel.grid = #graph.dim<"d0">, kernel.scratch = #graph.dim<"4*d1">, kernel.cost = #graph.dim<"floordiv(164*d0*d1 + 63, 64)">
  func.func private @tw_k0(%x: tensor<1x7x40xf32>) -> tensor<1x7x40xf32>
      attributes {kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"reduction", {lanes = 16 : i64, split = 0 : i64, block = 1 : i64}>} {
    // CHECK: graph.softmax %{{.*}} {axis = 2 : i64} : (tensor<1x?x?xf32, #graph.tensor<[1, "d0", "d1"]>>)
    %0 = graph.softmax %x {axis = 2 : i64} : (tensor<1x7x40xf32>) -> tensor<1x7x40xf32>
    func.return %0 : tensor<1x7x40xf32>
  }
}
