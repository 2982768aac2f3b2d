// RUN: tilewright-opt %s -p order-launches | filecheck %s

// REWRITE L4: each branch is reduced before the next one is computed, so that one wide value is alive at a time.
// CHECK-LABEL: @branches
// CHECK:         %[[A:.*]] = kernel.launch @tw_widen(%x)
// CHECK-NEXT:    %[[VIEW:.*]] = graph.reshape %[[A]]
// CHECK-NEXT:    %[[SA:.*]] = kernel.launch @tw_sum(%[[VIEW]])
// CHECK-NEXT:    %[[B:.*]] = kernel.launch @tw_widen(%y)
// CHECK-NEXT:    %[[SB:.*]] = kernel.launch @tw_sum(%[[B]])
// CHECK-NEXT:    kernel.launch @tw_add(%[[SA]], %[[SB]])
func.func @branches(%x: tensor<4x1xf32>, %y: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %a = kernel.launch @tw_widen(%x) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  %b = kernel.launch @tw_widen(%y) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  %v = graph.reshape %a : (tensor<4x128xf32>) -> tensor<4x128xf32>
  %sa = kernel.launch @tw_sum(%v) : (tensor<4x128xf32>) -> tensor<4x1xf32>
  %sb = kernel.launch @tw_sum(%b) : (tensor<4x128xf32>) -> tensor<4x1xf32>
  %s = kernel.launch @tw_add(%sa, %sb) : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  func.return %s : tensor<4x1xf32>
}

// REWRITE L4 negative: both wide values are read by one kernel, so that every order holds them.
// CHECK-LABEL: @together
// CHECK-NEXT:    kernel.launch @tw_widen(%x)
// CHECK-NEXT:    kernel.launch @tw_widen(%y)
// CHECK-NEXT:    kernel.launch @tw_sum
// CHECK-NEXT:    kernel.launch @tw_add
func.func @together(%x: tensor<4x1xf32>, %y: tensor<4x1xf32>) -> (tensor<4x1xf32>, tensor<4x128xf32>) {
  %a = kernel.launch @tw_widen(%x) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  %b = kernel.launch @tw_widen(%y) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  %s = kernel.launch @tw_sum(%a) : (tensor<4x128xf32>) -> tensor<4x1xf32>
  %t = kernel.launch @tw_add(%a, %b) : (tensor<4x128xf32>, tensor<4x128xf32>) -> tensor<4x128xf32>
  func.return %s, %t : tensor<4x1xf32>, tensor<4x128xf32>
}

// Negative: nothing moves across an op that acts on the world.
// CHECK-LABEL: @bound
// CHECK-NEXT:    kernel.launch @tw_widen(%x)
// CHECK-NEXT:    kernel.launch @tw_widen(%y)
// CHECK-NEXT:    graph.bind
func.func @bound(%x: tensor<4x1xf32>, %y: tensor<4x1xf32>, %n: tensor<1xsi64>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %a = kernel.launch @tw_widen(%x) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  %b = kernel.launch @tw_widen(%y) : (tensor<4x1xf32>) -> tensor<4x128xf32>
  graph.bind %n to ["n"] : tensor<1xsi64>
  %s = kernel.launch @tw_sum(%a) : (tensor<4x128xf32>) -> tensor<4x1xf32>
  %t = kernel.launch @tw_sum(%b) : (tensor<4x128xf32>) -> tensor<4x1xf32>
  func.return %s, %t : tensor<4x1xf32>, tensor<4x1xf32>
}

func.func private @tw_widen(%x: tensor<4x1xf32>) -> tensor<4x128xf32> attributes {kernel.kind = "kernel"} {
  %0 = graph.broadcast %x : (tensor<4x1xf32>) -> tensor<4x128xf32>
  func.return %0 : tensor<4x128xf32>
}
func.func private @tw_sum(%x: tensor<4x128xf32>) -> tensor<4x1xf32> attributes {kernel.kind = "kernel"} {
  %0 = graph.reduce %x {kind = "sum", axes = array<i64: 1>, keepdims = true} : (tensor<4x128xf32>) -> tensor<4x1xf32>
  func.return %0 : tensor<4x1xf32>
}
func.func private @tw_add(%x: tensor<4x1xf32>, %y: tensor<4x1xf32>) -> tensor<4x1xf32> attributes {kernel.kind = "kernel"} {
  %0 = graph.add %x, %y : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  func.return %0 : tensor<4x1xf32>
}
