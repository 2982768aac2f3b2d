// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

func.func @f(%q: tensor<2x3x4x8xf32>, %k: tensor<2x1x6x8xf32>, %v: tensor<2x1x6x5xf32>, %m: tensor<4x6xf32>) {
  // CHECK: graph.attention %q, %k, %v {scale = 1.000000e+00 : f64, softcap = 0.000000e+00 : f64} : (tensor<2x3x4x8xf32>, tensor<2x1x6x8xf32>, tensor<2x1x6x5xf32>) -> tensor<2x3x4x5xf32>
  %0 = graph.attention %q, %k, %v {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x3x4x8xf32>, tensor<2x1x6x8xf32>, tensor<2x1x6x5xf32>) -> tensor<2x3x4x5xf32>
  // CHECK: graph.attention %q, %k, %v, %m {scale = 2.500000e-01 : f64, softcap = 2.000000e+00 : f64, causal = #graph.dim<-2>, replace = true, empty = "zero"}
  %1 = graph.attention %q, %k, %v, %m {scale = 0.25 : f64, softcap = 2.0 : f64, causal = #graph.dim<-2>, replace = true, empty = "zero"} : (tensor<2x3x4x8xf32>, tensor<2x1x6x8xf32>, tensor<2x1x6x5xf32>, tensor<4x6xf32>) -> tensor<2x3x4x5xf32>
  func.return
}
