// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: key is domain::name::since, got 'Roll'
// CHECK: "graph.custom"
func.func @f(%x: tensor<8xf32>) {
  %y = graph.custom "Roll"(%x) {arguments = {}, digest = "00"} : (tensor<8xf32>) -> tensor<8xf32>
  func.return
}
