// RUN: tilewright-opt %s -p lower-plan | filecheck %s

// Words: arena, scratch, [pointers, sizes, extent, grain] of each invocation, dims of inputs and outputs, bytes of arena buffers.
// CHECK:      func.func @tw_plan(%dims: memref<?xi64>, %table: memref<?xi64>) -> i32 {
// The grain of the first is extent * 4000 / cost, at least 1; the second has no cost and is never split.
// CHECK-DAG:    %[[CYCLES:.*]] = arith.constant 4000 : index
// CHECK-DAG:    %[[NEVER:.*]] = arith.constant 4611686018427387903 : i64
// CHECK:        %[[N:.*]] = memref.load %dims
// CHECK:        %[[EXTENT:.*]] = arith.divui
// CHECK:        arith.muli %[[EXTENT]], %[[CYCLES]]
// CHECK:        memref.store %[[NEVER]], %table
// 8*n bytes of scratch and 4*n of output, as floats that don't wrap around, are at most 2**46; otherwise the arena is too large.
// CHECK:        arith.sitofp
// CHECK:        %[[BEYOND:.*]] = arith.cmpf ogt
// CHECK:        arith.select %[[BEYOND]]
// CHECK:        func.return
// CHECK:      kernel.program "main"
kernel.program "main" symbols ["n"] inputs ["x"] : [tensor<?xf32, #graph.tensor<["n"]>>]
    outputs ["y"] : [tensor<?xf32, #graph.tensor<["n"]>>] {
  %x = kernel.input {index = 0 : i64}
  %y = kernel.output {index = 0 : i64}
  kernel.invoke @tw_k0(%x, %y) sizes <["n"]> grid <"floordiv(n + 15, 16)"> scratch <"8*n"> cost <"5*n">
  kernel.invoke @tw_k0(%x, %y) sizes <["n"]> grid <"n"> scratch <0>
}
func.func private @tw_k0()
