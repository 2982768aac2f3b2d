// RUN: tilewright-opt %s -p plan-memory --split-input-file | filecheck %s

// %a dies where %b is made by an elementwise kernel: written over. The reshape shares memory. %c goes where the caller wants it.
func.func @main(%x: tensor<8x4xf32>) -> tensor<32xf32> attributes {graph.input_names = ["x"], graph.output_names = ["y"]} {
  %w = graph.constant #graph.weight<"w"> : tensor<8x4xf32>
  %a = kernel.launch @tw_mul(%x, %w) sizes <[32]> : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %b = kernel.launch @tw_relu(%a) sizes <[32]> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %v = graph.reshape %b : (tensor<8x4xf32>) -> tensor<32xf32>
  %c = kernel.launch @tw_relu(%v) sizes <[32]> : (tensor<32xf32>) -> tensor<32xf32>
  func.return %c : tensor<32xf32>
}
func.func private @tw_mul(%a: tensor<?xf32, #graph.tensor<["d0"]>>, %b: tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  attributes {kernel.kind = "kernel", kernel.sizes = ["d0"], kernel.grid = #graph.dim<"d0">, kernel.scratch = #graph.dim<16>, kernel.cost = #graph.dim<"2*d0">} {
  %0 = graph.mul %a, %b : (tensor<?xf32, #graph.tensor<["d0"]>>, tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  func.return %0 : tensor<?xf32, #graph.tensor<["d0"]>>
}
func.func private @tw_relu(%a: tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  attributes {kernel.kind = "kernel", kernel.sizes = ["d0"], kernel.grid = #graph.dim<"d0">, kernel.scratch = #graph.dim<0>} {
  %0 = graph.relu %a : (tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<?xf32, #graph.tensor<["d0"]>>
  func.return %0 : tensor<?xf32, #graph.tensor<["d0"]>>
}
// CHECK:      kernel.program "main"
// CHECK-NEXT:   %[[X:.*]] = kernel.input {index = 0 : i64}
// CHECK-NEXT:   %[[W:.*]] = kernel.weight <"w">
// CHECK-NEXT:   %[[A:.*]] = kernel.alloc {slot = 0 : i64, offset = 0 : i64, bytes = #graph.dim<128>}
// CHECK-NEXT:   kernel.invoke @tw_mul(%[[X]], %[[W]], %[[A]]) sizes <[32]> grid <32> scratch <16> cost <64>
// CHECK-NEXT:   kernel.invoke @tw_relu(%[[A]], %[[A]]) sizes <[32]> grid <32> scratch <0>
// CHECK-NEXT:   %[[Y:.*]] = kernel.output {index = 0 : i64}
// CHECK-NEXT:   kernel.invoke @tw_relu(%[[A]], %[[Y]])

// -----

// Dynamic values take slots of their own; the third reuses the first's, which is free by then.
func.func @main(%x: tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>> {
  %a = kernel.launch @tw_sum(%x, %x) sizes <["n"]> : (tensor<?xf32, #graph.tensor<["n"]>>, tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["2*n"]>>
  %b = kernel.launch @tw_sum(%a, %x) sizes <["n"]> : (tensor<?xf32, #graph.tensor<["2*n"]>>, tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  %c = kernel.launch @tw_sum(%b, %b) sizes <["n"]> : (tensor<?xf32, #graph.tensor<["n"]>>, tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  %d = kernel.launch @tw_sum(%c, %c) sizes <["n"]> : (tensor<?xf32, #graph.tensor<["n"]>>, tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<?xf32, #graph.tensor<["n"]>>
  func.return %d : tensor<?xf32, #graph.tensor<["n"]>>
}
func.func private @tw_sum(%a: tensor<?xf32, #graph.tensor<["d0"]>>, %b: tensor<1xf32>) -> tensor<1xf32>
  attributes {kernel.kind = "kernel", kernel.sizes = ["d0"], kernel.grid = #graph.dim<1>, kernel.scratch = #graph.dim<"4*d0">} {
  %0 = graph.reduce %a {kind = "sum", axes = array<i64: 0>, keepdims = true} : (tensor<?xf32, #graph.tensor<["d0"]>>) -> tensor<1xf32>
  func.return %0 : tensor<1xf32>
}
// CHECK:      kernel.program "main" symbols ["n"] inputs ["x0"]
// CHECK:        kernel.alloc {slot = 1 : i64, offset = 0 : i64, bytes = #graph.dim<"8*n">}
// CHECK-NEXT:   kernel.invoke @tw_sum({{.*}}) sizes <["n"]> grid <1> scratch <"4*n">
// CHECK-NEXT:   kernel.alloc {slot = 2 : i64, offset = 0 : i64, bytes = #graph.dim<"4*n">}
// CHECK:        kernel.alloc {slot = 1 : i64, offset = 0 : i64, bytes = #graph.dim<"4*n">}
