// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Sliding windows without weights.
// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %y: tensor<?x8x?x6xf32, #graph.tensor<["n", 8, "h", 6]>>) {
  // CHECK: %max = graph.pool %x {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xf32, #graph.tensor<["n", 8, 2, 2]>>
  %max = graph.pool %x {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xf32, #graph.tensor<["n", 8, 2, 2]>>
  // CHECK: %ceil = graph.pool %x {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_mode = true} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x3x3xf32, #graph.tensor<["n", 8, 3, 3]>>
  %ceil = graph.pool %x {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_mode = true} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x3x3xf32, #graph.tensor<["n", 8, 3, 3]>>
  // CHECK: %average = graph.pool %y {kind = "average", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, count_include_pad = true} : (tensor<?x8x?x6xf32, #graph.tensor<["n", 8, "h", 6]>>) -> tensor<?x8x?x3xf32, #graph.tensor<["n", 8, "floordiv(h, 2)", 3]>>
  %average = graph.pool %y {kind = "average", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, count_include_pad = true} : (tensor<?x8x?x6xf32, #graph.tensor<["n", 8, "h", 6]>>) -> tensor<?x8x?x3xf32, #graph.tensor<["n", 8, "floordiv(h, 2)", 3]>>
  // CHECK: %lp = graph.pool %y {kind = "lp", kernel = array<i64: 1, 1>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, p = 1 : i64} : (tensor<?x8x?x6xf32, #graph.tensor<["n", 8, "h", 6]>>) -> tensor<?x8x?x3xf32, #graph.tensor<["n", 8, "floordiv(h - 1, 2) + 1", 3]>>
  %lp = graph.pool %y {kind = "lp", kernel = array<i64: 1, 1>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, p = 1 : i64} : (tensor<?x8x?x6xf32, #graph.tensor<["n", 8, "h", 6]>>) -> tensor<?x8x?x3xf32, #graph.tensor<["n", 8, "floordiv(h - 1, 2) + 1", 3]>>
  // CHECK: %where = graph.arg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, column_major = true} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xsi64, #graph.tensor<["n", 8, 2, 2]>>
  %where = graph.arg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, column_major = true} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x2x2xsi64, #graph.tensor<["n", 8, 2, 2]>>
  // CHECK: %lrn = graph.lrn %x {size = 5 : i64, alpha = 5.000000e-01 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %lrn = graph.lrn %x {size = 5 : i64, alpha = 5.000000e-01 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  func.return
}
