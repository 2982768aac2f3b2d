// RUN: tilewright-opt %s -p hoist-invariants | filecheck %s

// REWRITE R5 negative: what has dims that only an iteration knows.
// CHECK-LABEL: func.func @element
func.func @element(%trips: tensor<si64>, %s: !graph.object<"seq(tensor(float))">, %x: tensor<1xf32>) -> tensor<1xf32> {
  // CHECK-NEXT: graph.loop
  // CHECK: %t = graph.unbox
  // CHECK-NEXT: %b = graph.broadcast %x
  %last = graph.loop trip %trips : tensor<si64> init(%x : tensor<1xf32>) {
  ^bb0(%n: tensor<si64>, %go: tensor<i1>, %v: tensor<1xf32>):
    %e = graph.host "SequenceAt"(%s, %n) {node = "{}", opsets = ["ai.onnx:17"]} : (!graph.object<"seq(tensor(float))">, tensor<si64>) -> !graph.object<"tensor(float)">
    %t = graph.unbox %e to ["s"] : !graph.object<"tensor(float)"> -> tensor<?xf32, #graph.tensor<["s"]>>
    %b = graph.broadcast %x : (tensor<1xf32>) -> tensor<?xf32, #graph.tensor<["s"]>>
    %c = graph.add %t, %b : (tensor<?xf32, #graph.tensor<["s"]>>, tensor<?xf32, #graph.tensor<["s"]>>) -> tensor<?xf32, #graph.tensor<["s"]>>
    %d = graph.reduce %c {kind = "sum", axes = array<i64: 0>, keepdims = true} : (tensor<?xf32, #graph.tensor<["s"]>>) -> tensor<1xf32>
    graph.yield %go, %d : tensor<i1>, tensor<1xf32>
  } -> tensor<1xf32>
  func.return %last : tensor<1xf32>
}
