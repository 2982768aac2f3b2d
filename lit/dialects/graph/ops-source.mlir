// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Constants, dims, shapes and ranges.
// CHECK-LABEL: func.func @source
func.func @source(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>, %s: tensor<si32>) {
  // CHECK: %weight = graph.constant #graph.weight<"conv1.weight"> : tensor<64x3x7x7xf32>
  %weight = graph.constant #graph.weight<"conv1.weight"> : tensor<64x3x7x7xf32>
  // CHECK: %dense = graph.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %dense = graph.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  // CHECK: %bytes = graph.constant dense<[1, 255]> : tensor<2xui8>
  %bytes = graph.constant dense<[1, 255]> : tensor<2xui8>
  // CHECK: %ints = graph.constant dense<[1, -2]> : tensor<2xsi64>
  %ints = graph.constant dense<[1, -2]> : tensor<2xsi64>
  // CHECK: %bools = graph.constant dense<[true, false]> : tensor<2xi1>
  %bools = graph.constant dense<[true, false]> : tensor<2xi1>
  // CHECK: %splat = graph.constant dense<0.000000e+00> : tensor<1x1x2x2xf32> : tensor<1x1x2x2xf32, #graph.tensor<order [0, 2, 3, 1]>>
  %splat = graph.constant dense<0.000000e+00> : tensor<1x1x2x2xf32> : tensor<1x1x2x2xf32, #graph.tensor<order [0, 2, 3, 1]>>
  // CHECK: %dims = graph.dims <["4*batch + 1", 128]> : tensor<2xsi64>
  %dims = graph.dims <["4*batch + 1", 128]> : tensor<2xsi64>
  // CHECK: %one = graph.dims <["batch"]> {scalar = true} : tensor<si64>
  %one = graph.dims <["batch"]> {scalar = true} : tensor<si64>
  // CHECK: %shape = graph.shape %x : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<4xsi64>
  %shape = graph.shape %x : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<4xsi64>
  // CHECK: %range = graph.range %s, %s, %s : (tensor<si32>, tensor<si32>, tensor<si32>) -> tensor<?xsi32, #graph.tensor<["m"]>>
  %range = graph.range %s, %s, %s : (tensor<si32>, tensor<si32>, tensor<si32>) -> tensor<?xsi32, #graph.tensor<["m"]>>
  // CHECK: graph.bind %shape to ["s0", "s1", "s2", "s3"] : tensor<4xsi64>
  graph.bind %shape to ["s0", "s1", "s2", "s3"] : tensor<4xsi64>
  // CHECK: graph.bind %one to ["s4"] : tensor<si64>
  graph.bind %one to ["s4"] : tensor<si64>
  func.return
}
