// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// What is narrower than a number is moved and cast, and nothing else.
// CHECK: graph.add takes number elements, got f8E5M2
func.func @add(%x: tensor<4xf8E5M2>) {
  %y = graph.add %x, %x : (tensor<4xf8E5M2>, tensor<4xf8E5M2>) -> tensor<4xf8E5M2>
  func.return
}
// -----
// CHECK: graph.bitwise_not takes integer elements, got si4
func.func @bitwise_not(%x: tensor<4xsi4>) {
  %y = graph.bitwise_not %x : (tensor<4xsi4>) -> tensor<4xsi4>
  func.return
}
// -----
// CHECK: si4 and ui8 differ in width
func.func @bitcast(%x: tensor<4xsi4>) {
  %y = graph.bitcast %x : (tensor<4xsi4>) -> tensor<4xui8>
  func.return
}
// -----
// CHECK: round_mode is one of up, down, nearest; got 'odd'
func.func @cast(%x: tensor<4xf32>) {
  %y = graph.cast %x {round_mode = "odd"} : (tensor<4xf32>) -> tensor<4xf8E8M0FNU>
  func.return
}
