// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// RUN: tilewright-opt %s --print-op-generic | tilewright-opt | filecheck %s

// CHECK: func.func @f(%s: !graph.object<"tensor(string)">)
func.func @f(%s: !graph.object<"tensor(string)">) -> tensor<?xsi64, #graph.tensor<["s0"]>> {
  // CHECK: %n = graph.host "Shape"(%s) {node = "{}", opsets = ["ai.onnx:16"]} : (!graph.object<"tensor(string)">) -> !graph.object<"tensor(int64)">
  %n = graph.host "Shape"(%s) {node = "{}", opsets = ["ai.onnx:16"]} : (!graph.object<"tensor(string)">) -> !graph.object<"tensor(int64)">
  // CHECK: %t = graph.unbox %n to ["s0"] : !graph.object<"tensor(int64)"> -> tensor<?xsi64, #graph.tensor<["s0"]>>
  %t = graph.unbox %n to ["s0"] : !graph.object<"tensor(int64)"> -> tensor<?xsi64, #graph.tensor<["s0"]>>
  func.return %t : tensor<?xsi64, #graph.tensor<["s0"]>>
}
