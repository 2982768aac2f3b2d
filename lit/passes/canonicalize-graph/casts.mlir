// RUN: tilewright-opt %s -p canonicalize-graph --split-input-file | filecheck %s

// REWRITE R1: a cast to the same type. REWRITE R4: up and down again.
// CHECK-LABEL: func.func @round_trip
func.func @round_trip(%x: tensor<4xf16>, %i: tensor<4xui8>) -> (tensor<4xf16>, tensor<4xui8>) {
  // CHECK-NEXT: func.return %x, %i
  %same = graph.cast %x : (tensor<4xf16>) -> tensor<4xf16>
  %up = graph.cast %same : (tensor<4xf16>) -> tensor<4xf32>
  %down = graph.cast %up : (tensor<4xf32>) -> tensor<4xf16>
  %wide = graph.cast %i : (tensor<4xui8>) -> tensor<4xsi16>
  %narrow = graph.cast %wide : (tensor<4xsi16>) -> tensor<4xui8>
  func.return %down, %narrow : tensor<4xf16>, tensor<4xui8>
}

// -----

// REWRITE R3: consecutive casts, and a cast before an op that takes either type.
// CHECK-LABEL: func.func @merged
func.func @merged(%i: tensor<4xsi16>, %x: tensor<9xf32>) -> (tensor<4xf64>, tensor<4xf32>) {
  // CHECK-NEXT: %b = graph.cast %i : (tensor<4xsi16>) -> tensor<4xf64>
  %a = graph.cast %i : (tensor<4xsi16>) -> tensor<4xf32>
  %b = graph.cast %a : (tensor<4xf32>) -> tensor<4xf64>
  // CHECK-NEXT: graph.gather %x, %i
  %j = graph.cast %i : (tensor<4xsi16>) -> tensor<4xsi64>
  %y = graph.gather %x, %j {axis = 0 : i64} : (tensor<9xf32>, tensor<4xsi64>) -> tensor<4xf32>
  func.return %b, %y : tensor<4xf64>, tensor<4xf32>
}

// -----

// REWRITE R4 negative: casts that round, wrap or truncate.
// CHECK-LABEL: func.func @lossy
func.func @lossy(%x: tensor<4xf32>, %i: tensor<4xsi32>, %k: tensor<4xsi8>) -> (tensor<4xf32>, tensor<4xsi32>, tensor<4xsi32>) {
  // CHECK-COUNT-5: graph.cast
  %down = graph.cast %x : (tensor<4xf32>) -> tensor<4xbf16>
  %up = graph.cast %down : (tensor<4xbf16>) -> tensor<4xf32>
  %float = graph.cast %i : (tensor<4xsi32>) -> tensor<4xf32>
  %back = graph.cast %float : (tensor<4xf32>) -> tensor<4xsi32>
  %wrapped = graph.cast %k : (tensor<4xsi8>) -> tensor<4xui8>
  // CHECK: graph.cast
  %again = graph.cast %wrapped : (tensor<4xui8>) -> tensor<4xsi32>
  func.return %up, %back, %again : tensor<4xf32>, tensor<4xsi32>, tensor<4xsi32>
}
