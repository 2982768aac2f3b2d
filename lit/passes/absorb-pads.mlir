// RUN: tilewright-opt %s -p absorb-pads | filecheck %s

// REWRITE U14: zeros before a convolution.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x4x5xf32>, %w: tensor<2x4x2xf32>) -> tensor<1x2x8xf32> {
  // CHECK-NEXT: graph.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 2, 2>
  %p = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 2]>} : (tensor<1x4x5xf32>) -> tensor<1x4x8xf32>
  %z = graph.conv %p, %w {strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x8xf32>, tensor<2x4x2xf32>) -> tensor<1x2x8xf32>
  func.return %z : tensor<1x2x8xf32>
}

// REWRITE U14: a maximum of what is padded by -infinity; an average that counts the zeros.
// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<1x4x5xf32>) -> (tensor<1x4x7xf32>, tensor<1x4x7xf32>) {
  %i = graph.constant dense<"0x000080FF"> : tensor<f32>
  // CHECK: graph.pool %x {kind = "max", {{.*}} pads = array<i64: 1, 2>
  // CHECK-NEXT: graph.pool %x {kind = "average", {{.*}} pads = array<i64: 1, 2>, {{.*}}count_include_pad = true
  %p = graph.pad %x, %i {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 2]>} : (tensor<1x4x5xf32>, tensor<f32>) -> tensor<1x4x8xf32>
  %y = graph.pool %p {kind = "max", kernel = array<i64: 2>, strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x4x8xf32>) -> tensor<1x4x7xf32>
  %q = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 2]>} : (tensor<1x4x5xf32>) -> tensor<1x4x8xf32>
  %z = graph.pool %q {kind = "average", kernel = array<i64: 2>, strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x4x8xf32>) -> tensor<1x4x7xf32>
  func.return %y, %z : tensor<1x4x7xf32>, tensor<1x4x7xf32>
}

// REWRITE U14 negative: another value; channels padded; an average that does not count its own padding.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<1x4x5xf32>, %w: tensor<2x4x2xf32>, %v: tensor<2x5x2xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x4xf32>, tensor<1x4x8xf32>) {
  %i = graph.constant dense<1.0> : tensor<f32>
  // CHECK-COUNT-3: graph.pad
  %p = graph.pad %x, %i {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 2]>} : (tensor<1x4x5xf32>, tensor<f32>) -> tensor<1x4x8xf32>
  %y = graph.conv %p, %w {strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x8xf32>, tensor<2x4x2xf32>) -> tensor<1x2x8xf32>
  %q = graph.pad %x {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<[0, 0, 0]>} : (tensor<1x4x5xf32>) -> tensor<1x5x5xf32>
  %z = graph.conv %q, %v {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x5x5xf32>, tensor<2x5x2xf32>) -> tensor<1x2x4xf32>
  %r = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 2]>} : (tensor<1x4x5xf32>) -> tensor<1x4x8xf32>
  %a = graph.pool %r {kind = "average", kernel = array<i64: 2>, strides = array<i64: 1>, pads = array<i64: 1, 0>, dilations = array<i64: 1>} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  func.return %y, %z, %a : tensor<1x2x8xf32>, tensor<1x2x4xf32>, tensor<1x4x8xf32>
}
