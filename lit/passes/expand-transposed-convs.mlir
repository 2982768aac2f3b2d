// RUN: tilewright-opt %s -p expand-transposed-convs | filecheck %s

// Kernel 4, stride 2, pads 1: two taps in each place of a 2 x 2 block, blocks number 0 to 5 of which the ends are half outside.
// CHECK-LABEL: func.func @upsample
func.func @upsample(%x: tensor<1x2x5x5xf32>) -> tensor<1x3x10x10xf32> {
  %w = graph.constant dense<0.5> : tensor<2x3x4x4xf32>
  %b = graph.constant dense<[0.0, 1.0, 2.0]> : tensor<3xf32>
  // CHECK: %[[Y:.*]] = graph.conv %x, {{.*}}strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>{{.*}}-> tensor<1x12x6x6xf32>
  // CHECK-NEXT: graph.reshape %[[Y]] {{.*}}-> tensor<1x2x2x3x6x6xf32>
  // CHECK-NEXT: graph.transpose {{.*}}perm = array<i64: 0, 3, 4, 1, 5, 2>
  // CHECK-NEXT: graph.reshape {{.*}}-> tensor<1x3x12x12xf32>
  // CHECK-NEXT: graph.slice {{.*}}starts = #graph.dims<[0, 0, 1, 1]>
  %y = graph.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x2x5x5xf32>, tensor<2x3x4x4xf32>, tensor<3xf32>) -> tensor<1x3x10x10xf32>
  func.return %y : tensor<1x3x10x10xf32>
}

// A runtime size, and a stride in one of two dims.
// CHECK-LABEL: func.func @line
func.func @line(%x: tensor<1x2x3x?xf32, #graph.tensor<[1, 2, 3, "n"]>>) -> tensor<1x3x5x?xf32, #graph.tensor<[1, 3, 5, "4*n + 4"]>> {
  %w = graph.constant dense<0.5> : tensor<2x3x3x8xf32>
  // CHECK: graph.conv %x, {{.*}}pads = array<i64: 2, 1, 2, 1>{{.*}}-> tensor<1x12x5x?xf32, #graph.tensor<[1, 12, 5, "n + 1"]>>
  %y = graph.conv_transpose %x, %w {strides = array<i64: 1, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x2x3x?xf32, #graph.tensor<[1, 2, 3, "n"]>>, tensor<2x3x3x8xf32>) -> tensor<1x3x5x?xf32, #graph.tensor<[1, 3, 5, "4*n + 4"]>>
  func.return %y : tensor<1x3x5x?xf32, #graph.tensor<[1, 3, 5, "4*n + 4"]>>
}

// Negative: blocks side by side; places with different numbers of taps; no stride; groups; a weight that isn't constant.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<1x2x5xf32>, %v: tensor<2x3x4xf32>) -> (tensor<1x3x10xf32>, tensor<1x3x11xf32>, tensor<1x3x8xf32>, tensor<1x6x10xf32>, tensor<1x3x10xf32>) {
  // CHECK-NOT: graph.conv %x
  %w2 = graph.constant dense<0.5> : tensor<2x3x2xf32>
  %w3 = graph.constant dense<0.5> : tensor<2x3x3xf32>
  %w4 = graph.constant dense<0.5> : tensor<2x3x4xf32>
  %a = graph.conv_transpose %x, %w2 {strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, output_padding = array<i64: 0>} : (tensor<1x2x5xf32>, tensor<2x3x2xf32>) -> tensor<1x3x10xf32>
  %b = graph.conv_transpose %x, %w3 {strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, output_padding = array<i64: 0>} : (tensor<1x2x5xf32>, tensor<2x3x3xf32>) -> tensor<1x3x11xf32>
  %c = graph.conv_transpose %x, %w4 {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, output_padding = array<i64: 0>} : (tensor<1x2x5xf32>, tensor<2x3x4xf32>) -> tensor<1x3x8xf32>
  %d = graph.conv_transpose %x, %w4 {strides = array<i64: 2>, pads = array<i64: 1, 1>, dilations = array<i64: 1>, output_padding = array<i64: 0>, group = 2 : i64} : (tensor<1x2x5xf32>, tensor<2x3x4xf32>) -> tensor<1x6x10xf32>
  %e = graph.conv_transpose %x, %v {strides = array<i64: 2>, pads = array<i64: 1, 1>, dilations = array<i64: 1>, output_padding = array<i64: 0>} : (tensor<1x2x5xf32>, tensor<2x3x4xf32>) -> tensor<1x3x10xf32>
  func.return %a, %b, %c, %d, %e : tensor<1x3x10xf32>, tensor<1x3x11xf32>, tensor<1x3x8xf32>, tensor<1x6x10xf32>, tensor<1x3x10xf32>
}
