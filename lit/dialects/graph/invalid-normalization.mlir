// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Parameters that do not fit x.
// CHECK: parameter and channels differ: 7 and 8
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.batch_norm %x, %c, %c, %d, %c {epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>, tensor<8xf32>, tensor<7xf32>, tensor<8xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: cannot broadcast dims 8, 6 (axis -1)
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.layer_norm %x, %c {axis = 3 : i64, epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: axis 4 is out of range for rank 4
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.layer_norm %x, %c {axis = 4 : i64, epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: cannot broadcast dims 8, 6 (axis -1)
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.rms_norm %x, %c {axis = 3 : i64, epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: parameter and channels differ: 7 and 8
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.instance_norm %x, %c, %d {epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>, tensor<7xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: 8 channels do not split in 3 groups
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.group_norm %x, %c, %c {groups = 3 : i64, epsilon = 0.5} : (tensor<2x8x6x6xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: p is 1 or 2, got 3
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.lp_normalize %x {axis = 1 : i64, p = 3 : i64} : (tensor<2x8x6x6xf32>) -> tensor<2x8x6x6xf32>
  func.return
}
// -----
// CHECK: graph.lp_normalize takes float elements, got si32
func.func @f(%x: tensor<2x8x6x6xf32>, %c: tensor<8xf32>, %d: tensor<7xf32>, %i: tensor<2x8xsi32>) {
  %r = graph.lp_normalize %i {axis = 1 : i64} : (tensor<2x8xsi32>) -> tensor<2x8xsi32>
  func.return
}
