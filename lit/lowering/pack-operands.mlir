// RUN: tilewright-opt %s -p pack-operands | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // Both launches share the panels; packing a value that is computed is a kernel of its own.
  // CHECK-LABEL: func.func @main
  // CHECK-NEXT:  [[P:%.*]] = kernel.launch @[[PACK:.*]](%w) : (tensor<16x32xf32>) -> tensor<1x16x32xf32>
  // CHECK-NEXT:  [[A:%.*]] = kernel.launch @tw_k0(%x, [[P]])
  // CHECK-NEXT:  [[B:%.*]] = kernel.launch @tw_k0([[A]], [[P]])
  func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>) -> tensor<8x32xf32> {
    %0 = kernel.launch @tw_k0(%x, %w) : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    %1 = kernel.launch @tw_k0(%0, %w) : (tensor<8x32xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    func.return %1 : tensor<8x32xf32>
  }
  // CHECK: func.func private @tw_k0({{.*}}, %w: tensor<1x16x32xf32>)
  // CHECK-NEXT: [[W:%.*]] = kernel.unpack %w <"gemm_b", {nr = 32 : i64, transposed = 0 : i64}> : tensor<1x16x32xf32> -> tensor<16x32xf32>
  // CHECK-NEXT: graph.matmul %x, [[W]]
  func.func private @tw_k0(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>) -> tensor<8x32xf32> attributes {
      kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"contraction", {mr = 8 : i64, nr = 32 : i64, kc = 16 : i64, taps = 1 : i64, mc = 8 : i64, unroll = 1 : i64, ahead = 28 : i64, far = 0 : i64, rhs = 0 : i64, lanes = 16 : i64}>} {
    %0 = graph.matmul %x, %w : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    func.return %0 : tensor<8x32xf32>
  }
  // CHECK: func.func private @[[PACK]]({{.*}}kernel.schedule = #kernel.schedule<"pack"
}
