// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// RUN: tilewright-opt %s --print-op-generic | tilewright-opt | filecheck %s
// RUN: not tilewright-opt %s -p kernels-pipeline,schedule-pipeline,memory-pipeline,loops-pipeline 2>&1 | filecheck %s --check-prefix UNKNOWN

// It prints and parses back where nobody has registered it, but can't be lowered there.
// UNKNOWN: my.ops::Roll::1: no kernel function is registered for it in this process (see TILEWRIGHT_PLUGINS)
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>> attributes {graph.input_names = ["x"], graph.output_names = ["y"]} {
  // CHECK: %y = graph.custom "my.ops::Roll::1"(%x) {arguments = {shift = 1 : i64}, digest = "00"} : (tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  %y = graph.custom "my.ops::Roll::1"(%x) {arguments = {shift = 1 : i64}, digest = "00"} : (tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  func.return %y : tensor<?xf32, #graph.tensor<["n"]>>
}
