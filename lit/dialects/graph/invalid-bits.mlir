// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Ops on bits refuse floats.
// CHECK: graph.bitwise_not takes integer elements, got f32
func.func @bitwise_not(%x: tensor<4xf32>) {
  %y = graph.bitwise_not %x : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.and takes bool elements, got f32
func.func @and(%x: tensor<4xf32>) {
  %y = graph.and %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.or takes bool elements, got f32
func.func @or(%x: tensor<4xf32>) {
  %y = graph.or %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.xor takes bool elements, got f32
func.func @xor(%x: tensor<4xf32>) {
  %y = graph.xor %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.bitwise_or takes integer elements, got f32
func.func @bitwise_or(%x: tensor<4xf32>) {
  %y = graph.bitwise_or %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.bitwise_xor takes integer elements, got f32
func.func @bitwise_xor(%x: tensor<4xf32>) {
  %y = graph.bitwise_xor %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.shift_left takes integer elements, got f32
func.func @shift_left(%x: tensor<4xf32>) {
  %y = graph.shift_left %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.shift_right takes integer elements, got f32
func.func @shift_right(%x: tensor<4xf32>) {
  %y = graph.shift_right %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
