// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Resampling by factors and regions that are known at run time.
// CHECK-LABEL: func.func @resize
func.func @resize(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, %f: tensor<3xf32>, %r: tensor<6xf32>, %s: tensor<?xf32, #graph.tensor<["h"]>>) {
  // CHECK: %by = graph.resize %x by %f : tensor<3xf32> {mode = "linear", axes = array<i64: 1, 2>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  %by = graph.resize %x by %f : tensor<3xf32> {mode = "linear", axes = array<i64: 1, 2>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  // CHECK: %of = graph.resize %x of %r : tensor<6xf32> {mode = "cubic", coordinate = "tf_crop_and_resize"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  %of = graph.resize %x of %r : tensor<6xf32> {mode = "cubic", coordinate = "tf_crop_and_resize"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  // CHECK: %both = graph.resize %x by %f : tensor<3xf32> of %r : tensor<6xf32> {mode = "nearest", coordinate = "tf_crop_and_resize"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  %both = graph.resize %x by %f : tensor<3xf32> of %r : tensor<6xf32> {mode = "nearest", coordinate = "tf_crop_and_resize"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x?x6xf32, #graph.tensor<["n", "h", 6]>>
  func.return
}
