// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Images read at positions that are data.
// CHECK-LABEL: func.func @sampling
func.func @sampling(%x: tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, %at: tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>, %r: tensor<?x4xf32, #graph.tensor<["r", 4]>>, %b: tensor<?xsi64, #graph.tensor<["r"]>>, %f: tensor<?x5xf32, #graph.tensor<["r", 5]>>) {
  // CHECK: %linear = graph.sample %x, %at {mode = "linear"} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
  %linear = graph.sample %x, %at {mode = "linear"} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
  // CHECK: %cubic = graph.sample %x, %at {mode = "cubic", padding = "reflection", align_corners = true} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
  %cubic = graph.sample %x, %at {mode = "cubic", padding = "reflection", align_corners = true} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
  // CHECK: %align = graph.roi_align %x, %r, %b {size = array<i64: 2, 4>, sampling_ratio = 2 : i64, spatial_scale = 2.500000e-01 : f64} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x4xf32, #graph.tensor<["r", 4]>>, tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  %align = graph.roi_align %x, %r, %b {size = array<i64: 2, 4>, sampling_ratio = 2 : i64, spatial_scale = 2.500000e-01 : f64} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x4xf32, #graph.tensor<["r", 4]>>, tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  // CHECK: %max = graph.roi_align %x, %r, %b {size = array<i64: 2, 4>, kind = "max", half_pixel = false} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x4xf32, #graph.tensor<["r", 4]>>, tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  %max = graph.roi_align %x, %r, %b {size = array<i64: 2, 4>, kind = "max", half_pixel = false} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x4xf32, #graph.tensor<["r", 4]>>, tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  // CHECK: %pool = graph.roi_max_pool %x, %f {size = array<i64: 2, 4>} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x5xf32, #graph.tensor<["r", 5]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  %pool = graph.roi_max_pool %x, %f {size = array<i64: 2, 4>} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x5xf32, #graph.tensor<["r", 5]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  func.return
}
