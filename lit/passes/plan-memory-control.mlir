// RUN: tilewright-opt %s -p plan-memory | filecheck %s

// A size that depends on data: bound where it is known; memory of that size is reserved where it is written.
// A loop: its value gets a slot (0), and so does the value after it (1); the two change places.
func.func @main(%x: tensor<4xf32>, %n: tensor<1xsi64>, %t: tensor<si64>) -> tensor<?xf32, #graph.tensor<["s0"]>> {
  graph.bind %n to ["s0"] : tensor<1xsi64>
  %last = graph.loop trip %t : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %go: tensor<i1>, %v: tensor<4xf32>):
    %w = kernel.launch @tw_relu(%v) sizes <[4]> : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %go, %w : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  %y = kernel.launch @tw_relu(%last) sizes <["s0"]> : (tensor<4xf32>) -> tensor<?xf32, #graph.tensor<["s0"]>>
  func.return %y : tensor<?xf32, #graph.tensor<["s0"]>>
}
func.func private @tw_relu(%a: tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  attributes {kernel.kind = "kernel", kernel.sizes = ["d0"], kernel.grid = #graph.dim<"d0">, kernel.scratch = #graph.dim<0>} {
  %0 = graph.relu %a : (tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  func.return %0 : tensor<?xf32, #graph.tensor<["d0"]>>
}
// CHECK:      kernel.program "main"
// CHECK-NEXT:   %[[N:.*]] = kernel.input {index = 1 : i64}
// CHECK-NEXT:   kernel.bind %[[N]] symbols ["s0"] {width = 8 : i64}
// CHECK-NEXT:   %[[T:.*]] = kernel.input {index = 2 : i64}
// CHECK-NEXT:   kernel.bind %[[T]] symbols ["at.trip1"]
// CHECK-NEXT:   %[[X:.*]] = kernel.input {index = 0 : i64}
// CHECK-NEXT:   %[[LAST:.*]] = kernel.loop "at.iteration2" below <"at.trip1"> while "at.going3" from <1> init(%[[X]]) slots <[0]> {
// CHECK-NEXT:   ^{{.*}}(%{{.*}}: !kernel.buffer, %{{.*}}: !kernel.buffer, %[[V:.*]]: !kernel.buffer):
// CHECK-NEXT:     %[[W:.*]] = kernel.reserve {slot = 1 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64}
// CHECK-NEXT:     kernel.invoke @tw_relu(%[[V]], %[[W]]) sizes <[4]> grid <4> scratch <0>
// CHECK-NEXT:     kernel.yield %[[W]] while <"at.going3">
// CHECK:        %[[Y:.*]] = kernel.reserve {slot = 2 : i64, dims = #graph.dims<["s0"]>, itemsize = 4 : i64, output = 0 : i64}
// CHECK-NEXT:   kernel.invoke @tw_relu(%[[LAST]], %[[Y]]) sizes <["s0"]> grid <"s0"> scratch <0>
