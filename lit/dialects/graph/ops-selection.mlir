// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// What chooses among rows and boxes.
// CHECK-LABEL: func.func @selection
func.func @selection(%x: tensor<?x3xf32, #graph.tensor<["n", 3]>>, %boxes: tensor<1x9x4xf32>, %c: tensor<1x2x9xsi64>, %l: tensor<si64>, %t: tensor<f32>) {
  // CHECK: %order = graph.sort_rows %x : (tensor<?x3xf32, #graph.tensor<["n", 3]>>) -> tensor<?xsi64, #graph.tensor<["n"]>>
  %order = graph.sort_rows %x : (tensor<?x3xf32, #graph.tensor<["n", 3]>>) -> tensor<?xsi64, #graph.tensor<["n"]>>
  // CHECK: %kept = graph.suppress %boxes, %c, %l, %t : (tensor<1x9x4xf32>, tensor<1x2x9xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
  %kept = graph.suppress %boxes, %c, %l, %t : (tensor<1x9x4xf32>, tensor<1x2x9xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
  // CHECK: %centred = graph.suppress %boxes, %c, %l, %t {center_point_box = true}
  %centred = graph.suppress %boxes, %c, %l, %t {center_point_box = true} : (tensor<1x9x4xf32>, tensor<1x2x9xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
  func.return
}
