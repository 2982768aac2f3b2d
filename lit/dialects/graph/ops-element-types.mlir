// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Element types of a byte and less; casts and bitcasts between them.
// CHECK-LABEL: func.func @casts
func.func @casts(%x: tensor<4xf32>, %i: tensor<4xsi4>, %b: tensor<4xi1>) {
  // CHECK: graph.cast %x : (tensor<4xf32>) -> tensor<4xf8E5M2>
  %0 = graph.cast %x : (tensor<4xf32>) -> tensor<4xf8E5M2>
  // CHECK: graph.cast %x {saturate = false} : (tensor<4xf32>) -> tensor<4xf8E4M3FN>
  %1 = graph.cast %x {saturate = false} : (tensor<4xf32>) -> tensor<4xf8E4M3FN>
  // CHECK: graph.cast %x {round_mode = "nearest"} : (tensor<4xf32>) -> tensor<4xf8E8M0FNU>
  %2 = graph.cast %x {round_mode = "nearest"} : (tensor<4xf32>) -> tensor<4xf8E8M0FNU>
  // CHECK: graph.cast %{{.*}} : (tensor<4xf8E5M2>) -> tensor<4xf8E5M2FNUZ>
  %3 = graph.cast %0 : (tensor<4xf8E5M2>) -> tensor<4xf8E5M2FNUZ>
  // CHECK: graph.cast %i : (tensor<4xsi4>) -> tensor<4xui2>
  %4 = graph.cast %i : (tensor<4xsi4>) -> tensor<4xui2>
  // CHECK: graph.bitcast %i : (tensor<4xsi4>) -> tensor<4xf4E2M1FN>
  %5 = graph.bitcast %i : (tensor<4xsi4>) -> tensor<4xf4E2M1FN>
  // CHECK: graph.bitcast %b : (tensor<4xi1>) -> tensor<4xui8>
  %6 = graph.bitcast %b : (tensor<4xi1>) -> tensor<4xui8>
  func.return
}

// CHECK-LABEL: func.func @constants
func.func @constants() {
  // CHECK: graph.constant dense<[-8, 7]> : tensor<2xsi4>
  %0 = graph.constant dense<[-8, 7]> : tensor<2xsi4>
  // CHECK: graph.constant dense<[3, 0]> : tensor<2xui2>
  %1 = graph.constant dense<[3, 0]> : tensor<2xui2>
  // CHECK: graph.constant dense<[5.000000e-01, -6.000000e+00]> : tensor<2xf4E2M1FN>
  %2 = graph.constant dense<[5.000000e-01, -6.000000e+00]> : tensor<2xf4E2M1FN>
  // A NaN is written as bytes.
  // CHECK: graph.constant dense<"0x7F38"> : tensor<2xf8E4M3FN>
  %3 = graph.constant dense<"0x7F38"> : tensor<2xf8E4M3FN>
  func.return
}
