// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// RUN: tilewright-opt %s --print-op-generic | tilewright-opt | filecheck %s

func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  // CHECK: kernel.pack %{{.*}} <"gemm_b", {nr = 4 : i64}> : tensor<8x8xf32> -> tensor<2x8x4xf32>
  %p = kernel.pack %w <"gemm_b", {nr = 4 : i64}> : tensor<8x8xf32> -> tensor<2x8x4xf32>
  // CHECK: kernel.launch @tw_k0(%{{.*}}, %{{.*}}) sizes <[4, 8]> : (tensor<4x8xf32>, tensor<2x8x4xf32>) -> tensor<4x8xf32>
  %y = kernel.launch @tw_k0(%x, %p) sizes <[4, 8]> : (tensor<4x8xf32>, tensor<2x8x4xf32>) -> tensor<4x8xf32>
  func.return %y : tensor<4x8xf32>
}
// CHECK: kernel.schedule = #kernel.schedule<"contraction", {mr = 4 : i64}>
func.func private @tw_k0(%a: tensor<4x8xf32>, %p: tensor<2x8x4xf32>) -> tensor<4x8xf32>
  attributes {kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"contraction", {mr = 4 : i64}>} {
  // CHECK: kernel.unpack %{{.*}} <"gemm_b", {nr = 4 : i64}> : tensor<2x8x4xf32> -> tensor<8x8xf32>
  %w = kernel.unpack %p <"gemm_b", {nr = 4 : i64}> : tensor<2x8x4xf32> -> tensor<8x8xf32>
  %0 = graph.matmul %a, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  func.return %0 : tensor<4x8xf32>
}
// CHECK: kernel.program "host" symbols ["n"] inputs ["x"] : [tensor<?xf32, #graph.tensor<["n"]>>] outputs ["y"] : [tensor<4xf32>] {
kernel.program "host" symbols ["n"] inputs ["x"] : [tensor<?xf32, #graph.tensor<["n"]>>] outputs ["y"] : [tensor<4xf32>] {
  // CHECK: kernel.input {index = 0 : i64}
  %x = kernel.input {index = 0 : i64}
  // CHECK: kernel.weight <"w">
  %w = kernel.weight <"w">
  // CHECK: kernel.alloc {slot = 0 : i64, offset = 64 : i64, bytes = #graph.dim<"4*n">}
  %t = kernel.alloc {slot = 0 : i64, offset = 64 : i64, bytes = #graph.dim<"4*n">}
  // CHECK: kernel.output {index = 0 : i64}
  %y = kernel.output {index = 0 : i64}
  // CHECK: kernel.invoke @tw_k0(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) sizes <["n", 8]> grid <"n"> scratch <64> cost <"3*n">
  kernel.invoke @tw_k0(%x, %w, %t, %y) sizes <["n", 8]> grid <"n"> scratch <64> cost <"3*n">
}
