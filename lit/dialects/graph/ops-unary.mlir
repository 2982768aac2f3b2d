// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// The other unary elementwise ops, those with attributes among them.
// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<4xf32>, %i: tensor<4xsi32>, %b: tensor<4xi1>) {
  // CHECK: %relu = graph.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %relu = graph.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %floor = graph.floor %x : (tensor<4xf32>) -> tensor<4xf32>
  %floor = graph.floor %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %ceil = graph.ceil %x : (tensor<4xf32>) -> tensor<4xf32>
  %ceil = graph.ceil %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %round = graph.round %x : (tensor<4xf32>) -> tensor<4xf32>
  %round = graph.round %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %not = graph.not %b : (tensor<4xi1>) -> tensor<4xi1>
  %not = graph.not %b : (tensor<4xi1>) -> tensor<4xi1>
  // CHECK: %bitwise_not = graph.bitwise_not %i : (tensor<4xsi32>) -> tensor<4xsi32>
  %bitwise_not = graph.bitwise_not %i : (tensor<4xsi32>) -> tensor<4xsi32>
  // CHECK: %is_nan = graph.is_nan %x : (tensor<4xf32>) -> tensor<4xi1>
  %is_nan = graph.is_nan %x : (tensor<4xf32>) -> tensor<4xi1>
  // CHECK: %identity = graph.identity %x : (tensor<4xf32>) -> tensor<4xf32>
  %identity = graph.identity %x : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %leaky_relu = graph.leaky_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %leaky_relu = graph.leaky_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %elu = graph.elu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %elu = graph.elu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %celu = graph.celu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %celu = graph.celu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %selu = graph.selu %x {alpha = 5.000000e-01 : f64, gamma = 2.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %selu = graph.selu %x {alpha = 5.000000e-01 : f64, gamma = 2.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %thresholded_relu = graph.thresholded_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %thresholded_relu = graph.thresholded_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %hard_sigmoid = graph.hard_sigmoid %x {alpha = 5.000000e-01 : f64, beta = 2.500000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %hard_sigmoid = graph.hard_sigmoid %x {alpha = 5.000000e-01 : f64, beta = 2.500000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %is_inf = graph.is_inf %x {detect_negative = true, detect_positive = false} : (tensor<4xf32>) -> tensor<4xi1>
  %is_inf = graph.is_inf %x {detect_negative = true, detect_positive = false} : (tensor<4xf32>) -> tensor<4xi1>
  // CHECK: %clip = graph.clip %x {min = 0.000000e+00 : f64, max = 6.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %clip = graph.clip %x {min = 0.000000e+00 : f64, max = 6.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %gelu = graph.gelu %x {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32>
  %gelu = graph.gelu %x {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %cast = graph.cast %x : (tensor<4xf32>) -> tensor<4xsi64>
  %cast = graph.cast %x : (tensor<4xf32>) -> tensor<4xsi64>
  func.return
}
