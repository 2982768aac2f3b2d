// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Normalisations keep the shape.
// CHECK-LABEL: func.func @normalization
func.func @normalization(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %c: tensor<8xf32>, %s: tensor<6xf32>) {
  // CHECK: %batch = graph.batch_norm %x, %c, %c, %c, %c {epsilon = 1.000000e-03 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %batch = graph.batch_norm %x, %c, %c, %c, %c {epsilon = 1.000000e-03 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  // CHECK: %layer = graph.layer_norm %x, %s, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %layer = graph.layer_norm %x, %s, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  // CHECK: %rms = graph.rms_norm %x, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %rms = graph.rms_norm %x, %s {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<6xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  // CHECK: %instance = graph.instance_norm %x, %c, %c {epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %instance = graph.instance_norm %x, %c, %c {epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  // CHECK: %group = graph.group_norm %x, %c, %c {groups = 4 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %group = graph.group_norm %x, %c, %c {groups = 4 : i64, epsilon = 1.000000e-05 : f64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  // CHECK: %lp = graph.lp_normalize %x {axis = 1 : i64, p = 1 : i64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  %lp = graph.lp_normalize %x {axis = 1 : i64, p = 1 : i64} : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>
  func.return
}
