// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Element types outside the domain of unary ops.
// CHECK: graph.relu takes number elements, got i1
func.func @relu(%x: tensor<4xi1>) {
  %y = graph.relu %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.floor takes number elements, got i1
func.func @floor(%x: tensor<4xi1>) {
  %y = graph.floor %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.ceil takes number elements, got i1
func.func @ceil(%x: tensor<4xi1>) {
  %y = graph.ceil %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.round takes number elements, got i1
func.func @round(%x: tensor<4xi1>) {
  %y = graph.round %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: result dim 0 is 5, expected 4
func.func @identity(%x: tensor<4xf32>) {
  %y = graph.identity %x : (tensor<4xf32>) -> tensor<5xf32>
  func.return
}
// -----
// CHECK: graph.hard_sigmoid takes float elements, got si32
func.func @hard_sigmoid(%x: tensor<4xsi32>) {
  %y = graph.hard_sigmoid %x {alpha = 5.000000e-01 : f64, beta = 2.500000e-01 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.clip takes number elements, got i1
func.func @clip(%x: tensor<4xi1>) {
  %y = graph.clip %x {min = 0.000000e+00 : f64, max = 6.000000e+00 : f64} : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: result dim 0 is 5, expected 4
func.func @cast(%x: tensor<4xf32>) {
  %y = graph.cast %x : (tensor<4xf32>) -> tensor<5xsi32>
  func.return
}
