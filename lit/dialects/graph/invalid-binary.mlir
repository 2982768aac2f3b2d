// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Binary arithmetic refuses booleans.
// CHECK: graph.sub takes number elements, got i1
func.func @sub(%x: tensor<4xi1>) {
  %y = graph.sub %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.div takes number elements, got i1
func.func @div(%x: tensor<4xi1>) {
  %y = graph.div %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.pow takes number elements, got i1
func.func @pow(%x: tensor<4xi1>) {
  %y = graph.pow %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.min takes number elements, got i1
func.func @min(%x: tensor<4xi1>) {
  %y = graph.min %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.max takes number elements, got i1
func.func @max(%x: tensor<4xi1>) {
  %y = graph.max %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.prelu takes number elements, got i1
func.func @prelu(%x: tensor<4xi1>) {
  %y = graph.prelu %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
// -----
// CHECK: graph.mod takes number elements, got i1
func.func @mod(%x: tensor<4xi1>) {
  %y = graph.mod %x, %x {fmod = true} : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}
