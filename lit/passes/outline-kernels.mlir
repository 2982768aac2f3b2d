// RUN: tilewright-opt %s --cpu x86-64-v4 -p 'outline-kernels{target="x86-64-v4"}' --split-input-file | filecheck %s

// The anchor takes what follows it pointwise: bias, residual, activation. The scalar is copied into the kernel.
// REWRITE U7
// REWRITE U8
func.func @main(%x: tensor<8x16xf32>, %r: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %w = graph.constant #graph.weight<"w"> : tensor<16x32xf32>
  %b = graph.constant #graph.weight<"b"> : tensor<32xf32>
  %low = graph.constant dense<0.5> : tensor<f32>
  %0 = graph.matmul %x, %w : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
  %1 = graph.add %0, %b : (tensor<8x32xf32>, tensor<32xf32>) -> tensor<8x32xf32>
  %2 = graph.add %1, %r : (tensor<8x32xf32>, tensor<8x32xf32>) -> tensor<8x32xf32>
  %3 = graph.max %2, %low : (tensor<8x32xf32>, tensor<f32>) -> tensor<8x32xf32>
  func.return %3 : tensor<8x32xf32>
}
// CHECK:      func.func @main
// CHECK:        %[[Y:.*]] = kernel.launch @tw_k0_matmul_add_add_max(%x, %w, %b, %r)
// CHECK-NEXT:   func.return %[[Y]]
// CHECK:      func.func private @tw_k0_matmul_add_add_max
// CHECK:        graph.constant dense<5.000000e-01> : tensor<f32>

// -----

// A value that something else reads too is no epilogue: both anchors keep what they share in memory.
// REWRITE U7 negative
// REWRITE U8 negative
func.func @main(%x: tensor<8x16xf32>) -> (tensor<8x32xf32>, tensor<8x32xf32>) {
  %w = graph.constant #graph.weight<"w"> : tensor<16x32xf32>
  %0 = graph.matmul %x, %w : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
  %1 = graph.relu %0 : (tensor<8x32xf32>) -> tensor<8x32xf32>
  func.return %0, %1 : tensor<8x32xf32>, tensor<8x32xf32>
}
// CHECK:        %[[M:.*]] = kernel.launch @tw_k0_matmul(%x, %w)
// CHECK-NEXT:   %[[R:.*]] = kernel.launch @tw_k1_relu(%[[M]])
// CHECK-NEXT:   func.return %[[M]], %[[R]]

// -----

// A small DAG of pointwise ops is one loop, broadcasts included; a reshape at the end is a view that the host makes.
// REWRITE U9
func.func @main(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<32xf32> {
  %0 = graph.mul %x, %s : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %1 = graph.abs %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = graph.add %0, %1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = graph.reshape %2 : (tensor<4x8xf32>) -> tensor<32xf32>
  func.return %3 : tensor<32xf32>
}
// CHECK:        %[[Y:.*]] = kernel.launch @tw_k0_mul_abs_add(%x, %s)
// CHECK-NEXT:   %[[V:.*]] = graph.reshape %[[Y]]
// CHECK-NEXT:   func.return %[[V]]

// -----

// Two results cannot come from one kernel: what is returned and read again ends a group.
// REWRITE U9 negative
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = graph.neg %0 : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0, %1, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// An output owns its memory: the input is copied.
// CHECK:        kernel.launch @tw_k0_abs(%x)
// CHECK-NEXT:   kernel.launch @tw_k1_neg
// CHECK-NEXT:   kernel.launch @tw_k2_identity(%x)
