// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Functions of numbers refuse booleans, those of floats integers as well.
// CHECK: graph.log takes float elements, got si32
func.func @log(%x: tensor<4xsi32>) {
  %y = graph.log %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.sqrt takes float elements, got si32
func.func @sqrt(%x: tensor<4xsi32>) {
  %y = graph.sqrt %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.rsqrt takes float elements, got si32
func.func @rsqrt(%x: tensor<4xsi32>) {
  %y = graph.rsqrt %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.reciprocal takes float elements, got si32
func.func @reciprocal(%x: tensor<4xsi32>) {
  %y = graph.reciprocal %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.tanh takes float elements, got si32
func.func @tanh(%x: tensor<4xsi32>) {
  %y = graph.tanh %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.erf takes float elements, got si32
func.func @erf(%x: tensor<4xsi32>) {
  %y = graph.erf %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.abs takes number elements, got i1
func.func @abs(%x: tensor<4xi1>) {
  %y = graph.abs %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.neg takes number elements, got i1
func.func @neg(%x: tensor<4xi1>) {
  %y = graph.neg %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.sign takes number elements, got i1
func.func @sign(%x: tensor<4xi1>) {
  %y = graph.sign %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.is_nan takes float elements, got si32
func.func @is_nan(%x: tensor<4xsi32>) {
  %y = graph.is_nan %x : (tensor<4xsi32>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.is_inf takes float elements, got si32
func.func @is_inf(%x: tensor<4xsi32>) {
  %y = graph.is_inf %x {detect_negative = true, detect_positive = false} : (tensor<4xsi32>) -> tensor<4xi1>
  func.return
}
