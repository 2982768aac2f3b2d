// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: opsets are written 'domain:version'
func.func @f(%s: !graph.object<"tensor(string)">) {
  %n = graph.host "Shape"(%s) {node = "{}", opsets = ["ai.onnx"]} : (!graph.object<"tensor(string)">) -> !graph.object<"tensor(int64)">
  func.return
}
// -----
// CHECK: are not the symbols ['s1']
func.func @f(%n: !graph.object<"tensor(int64)">) {
  %t = graph.unbox %n to ["s1"] : !graph.object<"tensor(int64)"> -> tensor<?xsi64, #graph.tensor<["s0"]>>
  func.return
}
