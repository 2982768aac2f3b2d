// RUN: tilewright-opt %s -p lower-plan | filecheck %s

// Words: arena, scratch, [pointers, sizes, extent] of the invocation, dims of inputs and outputs, bytes of arena buffers.
// CHECK:      func.func @tw_plan(%dims: memref<?xi64>, %table: memref<?xi64>) -> i32 {
// CHECK:        %[[N:.*]] = memref.load %dims
// CHECK:        memref.store %{{.*}}, %table
// CHECK:        func.return
// CHECK:      kernel.program "main"
kernel.program "main" symbols ["n"] inputs ["x"] : [tensor<?xf32, #graph.tensor<["n"]>>]
    outputs ["y"] : [tensor<?xf32, #graph.tensor<["n"]>>] {
  %x = kernel.input {index = 0 : i64}
  %y = kernel.output {index = 0 : i64}
  kernel.invoke @tw_k0(%x, %y) sizes <["n"]> grid <"floordiv(n + 15, 16)"> scratch <"8*n">
}
func.func private @tw_k0()
