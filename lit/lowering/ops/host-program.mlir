// RUN: tilewright-opt %s -p expand-scans,kernels-pipeline,schedule-pipeline,memory-pipeline,loops-pipeline | filecheck %s

// What is no kernel is the host program: constants are weights or kernels' own, dims a small kernel or none, regions stay regions,
// and nodes on objects are calls back into Python.
// CHECK-LABEL: func.func @tw_plan
// CHECK: kernel.program "main"
// CHECK: kernel.host
// CHECK: kernel.unbox
// CHECK: kernel.if
// CHECK: kernel.yield
// CHECK: kernel.loop
// CHECK: kernel.yield
// CHECK: kernel.loop
// CHECK: kernel.yield
// CHECK-NOT: graph.scan
func.func @main(%s: !graph.object<"seq(tensor(float))">, %at: tensor<1xsi64>, %c: tensor<i1>, %h: tensor<4xf32>, %xs: tensor<7x4xf32>)
    -> (tensor<?xf32, #graph.tensor<["s"]>>, tensor<4xf32>, tensor<4xf32>, tensor<2xsi64>)
    attributes {graph.input_names = ["s", "at", "c", "h", "xs"], graph.output_names = ["t", "y", "end", "dims"]} {
  graph.bind %at to ["at"] : tensor<1xsi64>
  %n = graph.constant dense<1> : tensor<si64>
  %e = graph.host "SequenceAt"(%s, %n) {node = "{}", opsets = ["ai.onnx:17"]} : (!graph.object<"seq(tensor(float))">, tensor<si64>) -> !graph.object<"tensor(float)">
  %t = graph.unbox %e to ["s"] : !graph.object<"tensor(float)"> -> tensor<?xf32, #graph.tensor<["s"]>>
  %y = graph.if %c {
    %minus = graph.neg %h : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %minus : tensor<4xf32>
  } else {
    graph.yield %h : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  %end = graph.scan init(%h : tensor<4xf32>) over(%xs : tensor<7x4xf32>) {
  ^bb0(%v: tensor<4xf32>, %x: tensor<4xf32>):
    %sum = graph.add %v, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %sum : tensor<4xf32>
  } {input_axes = array<i64: 0>, input_directions = array<i64: 1>, output_axes = array<i64>, output_directions = array<i64>} -> tensor<4xf32>
  %last = graph.loop trip %n : tensor<si64> init(%end : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %go: tensor<i1>, %v: tensor<4xf32>):
    %w = graph.relu %v : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %go, %w : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  %dims = graph.dims <["at", 128]> : tensor<2xsi64>
  func.return %t, %y, %last, %dims : tensor<?xf32, #graph.tensor<["s"]>>, tensor<4xf32>, tensor<4xf32>, tensor<2xsi64>
}
