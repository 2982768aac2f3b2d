// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Comparisons refuse what has no order, and results of another shape.
// CHECK: graph.less_equal takes number elements, got i1
func.func @less_equal(%x: tensor<4xi1>) {
  %y = graph.less_equal %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.greater takes number elements, got i1
func.func @greater(%x: tensor<4xi1>) {
  %y = graph.greater %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.greater_equal takes number elements, got i1
func.func @greater_equal(%x: tensor<4xi1>) {
  %y = graph.greater_equal %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: result dim 0 is 5, expected 4
func.func @equal(%x: tensor<4xf32>) {
  %y = graph.equal %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<5xi1>
  func.return
}
