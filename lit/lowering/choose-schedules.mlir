// RUN: tilewright-opt %s -p choose-schedules | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // The rules are tried in order; a matmul is a contraction.
  // CHECK: @tw_k0{{.*}}kernel.schedule = #kernel.schedule<"contraction", {mr = {{[0-9]+}} : i64, nr = {{[0-9]+}} : i64
  func.func private @tw_k0(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>) -> tensor<8x32xf32> attributes {kernel.kind = "kernel"} {
    %0 = graph.matmul %x, %w : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    func.return %0 : tensor<8x32xf32>
  }
  // CHECK: @tw_k1{{.*}}kernel.schedule = #kernel.schedule<"reduction", {lanes = 16 : i64, split = 0 : i64, block = 128 : i64}>
  func.func private @tw_k1(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {kernel.kind = "kernel"} {
    %0 = graph.softmax %x {axis = 1 : i64} : (tensor<8x16xf32>) -> tensor<8x16xf32>
    func.return %0 : tensor<8x16xf32>
  }
  // A schedule that is written down already stays.
  // CHECK: @tw_k2{{.*}}kernel.schedule = #kernel.schedule<"reduction", {lanes = 4 : i64, split = 0 : i64, block = 512 : i64}>
  func.func private @tw_k2(%x: tensor<8x16xf32>) -> tensor<8x16xf32>
      attributes {kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"reduction", {lanes = 4 : i64, split = 0 : i64, block = 512 : i64}>} {
    %0 = graph.softmax %x {axis = 1 : i64} : (tensor<8x16xf32>) -> tensor<8x16xf32>
    func.return %0 : tensor<8x16xf32>
  }
}
