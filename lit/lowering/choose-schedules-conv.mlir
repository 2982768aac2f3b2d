// RUN: tilewright-opt %s -p choose-schedules | filecheck %s
// RUN: tilewright-opt %s -p choose-schedules | tilewright-opt | filecheck %s
// RUN: env TILEWRIGHT_STRICT_MATH=1 tilewright-opt %s -p choose-schedules | filecheck %s --check-prefix=STRICT

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // Enough channels for Winograd; what else was considered stays on record.
  // CHECK: @tw_k0{{.*}}kernel.schedule = #kernel.schedule<"winograd", {tile = 4 : i64, tiles = {{[0-9]+}} : i64
  // CHECK-SAME: kernel.estimates = {gathered_rows = {{[0-9]+}} : i64, padded_lines = {{[0-9]+}} : i64, winograd_4x4 = {{[0-9]+}} : i64
  // STRICT: @tw_k0{{.*}}kernel.schedule = #kernel.schedule<"{{contraction|lines}}"
  func.func private @tw_k0(%x: tensor<1x64x56x56xf32, #graph.tensor<[1, 64, 56, 56], order [0, 2, 3, 1]>>, %w: tensor<64x64x3x3xf32>)
      -> tensor<1x64x56x56xf32, #graph.tensor<[1, 64, 56, 56], order [0, 2, 3, 1]>> attributes {kernel.kind = "kernel"} {
    %0 = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x64x56x56xf32, #graph.tensor<[1, 64, 56, 56], order [0, 2, 3, 1]>>, tensor<64x64x3x3xf32>)
      -> tensor<1x64x56x56xf32, #graph.tensor<[1, 64, 56, 56], order [0, 2, 3, 1]>>
    func.return %0 : tensor<1x64x56x56xf32, #graph.tensor<[1, 64, 56, 56], order [0, 2, 3, 1]>>
  }
  // A first layer reads its row-major image line by line.
  // CHECK: @tw_k1{{.*}}kernel.schedule = #kernel.schedule<"lines"
  func.func private @tw_k1(%x: tensor<1x3x64x64xf32>, %w: tensor<32x3x3x3xf32>)
      -> tensor<1x32x32x32xf32, #graph.tensor<[1, 32, 32, 32], order [0, 2, 3, 1]>> attributes {kernel.kind = "kernel"} {
    %0 = graph.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x64x64xf32>, tensor<32x3x3x3xf32>) -> tensor<1x32x32x32xf32, #graph.tensor<[1, 32, 32, 32], order [0, 2, 3, 1]>>
    func.return %0 : tensor<1x32x32x32xf32, #graph.tensor<[1, 32, 32, 32], order [0, 2, 3, 1]>>
  }
  // Taps that lie in padding for whole blocks are skipped.
  // CHECK: @tw_k2{{.*}}kernel.schedule = #kernel.schedule<"contraction", {mr = {{[0-9]+}} : i64, {{.*}}skip = 1 : i64
  func.func private @tw_k2(%x: tensor<1x16x20x20xf32, #graph.tensor<[1, 16, 20, 20], order [0, 2, 3, 1]>>, %w: tensor<64x16x3x3xf32>)
      -> tensor<1x64x20x20xf32, #graph.tensor<[1, 64, 20, 20], order [0, 2, 3, 1]>> attributes {kernel.kind = "kernel"} {
    %0 = graph.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 12, 12, 12, 12>, dilations = array<i64: 12, 12>}
      : (tensor<1x16x20x20xf32, #graph.tensor<[1, 16, 20, 20], order [0, 2, 3, 1]>>, tensor<64x16x3x3xf32>)
      -> tensor<1x64x20x20xf32, #graph.tensor<[1, 64, 20, 20], order [0, 2, 3, 1]>>
    func.return %0 : tensor<1x64x20x20xf32, #graph.tensor<[1, 64, 20, 20], order [0, 2, 3, 1]>>
  }
}
