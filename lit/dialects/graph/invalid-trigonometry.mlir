// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Functions of floats refuse integers.
// CHECK: graph.sin takes float elements, got si32
func.func @sin(%x: tensor<4xsi32>) {
  %y = graph.sin %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.cos takes float elements, got si32
func.func @cos(%x: tensor<4xsi32>) {
  %y = graph.cos %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.tan takes float elements, got si32
func.func @tan(%x: tensor<4xsi32>) {
  %y = graph.tan %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.sinh takes float elements, got si32
func.func @sinh(%x: tensor<4xsi32>) {
  %y = graph.sinh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.cosh takes float elements, got si32
func.func @cosh(%x: tensor<4xsi32>) {
  %y = graph.cosh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.asin takes float elements, got si32
func.func @asin(%x: tensor<4xsi32>) {
  %y = graph.asin %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.acos takes float elements, got si32
func.func @acos(%x: tensor<4xsi32>) {
  %y = graph.acos %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.atan takes float elements, got si32
func.func @atan(%x: tensor<4xsi32>) {
  %y = graph.atan %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.asinh takes float elements, got si32
func.func @asinh(%x: tensor<4xsi32>) {
  %y = graph.asinh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.acosh takes float elements, got si32
func.func @acosh(%x: tensor<4xsi32>) {
  %y = graph.acosh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.atanh takes float elements, got si32
func.func @atanh(%x: tensor<4xsi32>) {
  %y = graph.atanh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
