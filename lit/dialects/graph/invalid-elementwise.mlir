// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Element types outside an op's domain, shapes that do not broadcast, kinds outside the closed set.
// CHECK: graph.exp takes float elements, got si32
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.exp %i : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.not takes bool elements, got f32
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.not %x : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.bitwise_and takes integer elements, got f32
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.bitwise_and %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.add takes number elements, got i1
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.add %b, %b : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: cannot broadcast dims 4, 3 (axis -1)
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.add %x, %y : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: graph.add operands differ in element type: f32, si32
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.add %x, %i : (tensor<4xf32>, tensor<4xsi32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: result element type is f32, expected i1
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.less %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: result dim 0 is 5, expected 4
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<5xf32>
  func.return
}
// -----
// CHECK: condition is boolean, got f32
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.where %x, %x, %x : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: approximate is 'none' or 'tanh', got 'sigmoid'
func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  %r = graph.gelu %x {approximate = "sigmoid"} : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
