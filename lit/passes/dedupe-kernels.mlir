// RUN: tilewright-opt %s -p dedupe-kernels | filecheck %s

// Kernels that differ in name, value names and cost estimates only are one; another op or attribute is another kernel.
// CHECK:      kernel.launch @[[HALF:tw_[0-9a-f]+]](
// CHECK-NEXT: kernel.launch @[[HALF]](
// CHECK-NEXT: kernel.launch @[[QUARTER:tw_[0-9a-f]+]](
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = kernel.launch @tw_k0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = kernel.launch @tw_k1(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %2 = kernel.launch @tw_k2(%1) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %2 : tensor<4xf32>
}
// CHECK:      func.func private @[[HALF]](
// CHECK:      func.func private @[[QUARTER]](
// CHECK-NOT:  func.func
func.func private @tw_k0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
  %0 = graph.leaky_relu %a {alpha = 0.5 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}
func.func private @tw_k1(%other: tensor<4xf32>) -> tensor<4xf32>
    attributes {kernel.kind = "kernel", kernel.estimates = {gathered_rows = 7 : i64}} {
  %result = graph.leaky_relu %other {alpha = 0.5 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  func.return %result : tensor<4xf32>
}
func.func private @tw_k2(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
  %0 = graph.leaky_relu %a {alpha = 0.25 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}
