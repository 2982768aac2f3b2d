// RUN: not tilewright-opt %s -p infer-shapes 2>&1 | filecheck %s

// The clash shows only once the first result is known.
// CHECK: infer-shapes: {{.*}}graph.add{{.*}}: cannot broadcast dims 3, 4
func.func @clash(%x: tensor<3xf32>, %y: tensor<4xf32>) {
  %a = graph.neg %x : (tensor<3xf32>) -> tensor<?xf32, #graph.tensor<["n"]>>
  %b = graph.neg %y : (tensor<4xf32>) -> tensor<?xf32, #graph.tensor<["n"]>>
  %z = graph.add %a, %b : (tensor<?xf32, #graph.tensor<["n"]>>, tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  func.return
}
