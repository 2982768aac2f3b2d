// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Activations of floats refuse integers.
// CHECK: graph.sigmoid takes float elements, got si32
func.func @sigmoid(%x: tensor<4xsi32>) {
  %y = graph.sigmoid %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.softsign takes float elements, got si32
func.func @softsign(%x: tensor<4xsi32>) {
  %y = graph.softsign %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.softplus takes float elements, got si32
func.func @softplus(%x: tensor<4xsi32>) {
  %y = graph.softplus %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.mish takes float elements, got si32
func.func @mish(%x: tensor<4xsi32>) {
  %y = graph.mish %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.silu takes float elements, got si32
func.func @silu(%x: tensor<4xsi32>) {
  %y = graph.silu %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.hard_swish takes float elements, got si32
func.func @hard_swish(%x: tensor<4xsi32>) {
  %y = graph.hard_swish %x : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.leaky_relu takes float elements, got si32
func.func @leaky_relu(%x: tensor<4xsi32>) {
  %y = graph.leaky_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.elu takes float elements, got si32
func.func @elu(%x: tensor<4xsi32>) {
  %y = graph.elu %x {alpha = 5.000000e-01 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.celu takes float elements, got si32
func.func @celu(%x: tensor<4xsi32>) {
  %y = graph.celu %x {alpha = 5.000000e-01 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.selu takes float elements, got si32
func.func @selu(%x: tensor<4xsi32>) {
  %y = graph.selu %x {alpha = 5.000000e-01 : f64, gamma = 2.000000e+00 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
// -----
// CHECK: graph.thresholded_relu takes float elements, got si32
func.func @thresholded_relu(%x: tensor<4xsi32>) {
  %y = graph.thresholded_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xsi32>) -> tensor<4xsi32>
  func.return
}
