// RUN: tilewright-opt %s -p lower-plan,lower-to-llvm,lower-run --split-input-file | filecheck %s

// Slots that change places hold what either does; the pieces of all iterations lie one behind the other.
// CHECK-LABEL: llvm.func @tw_run
// CHECK-SAME:  kernel.slot_bytes = array<i64: 16, 16, 48>
// CHECK-SAME:  kernel.unbounded = []
kernel.program "main" symbols [] inputs ["x"] : [tensor<4xf32>] outputs ["y"] : [tensor<3x4xf32>] {
  %x = kernel.input {index = 0 : i64}
  %last, %all = kernel.loop "i" below <3> while "go" from <1> init(%x) slots <[0]> {
  ^bb0(%i: !kernel.buffer, %go: !kernel.buffer, %v: !kernel.buffer):
    %next = kernel.reserve {slot = 1 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64}
    %piece = kernel.reserve {slot = 2 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64, append = "i"}
    kernel.invoke @tw_k0(%v, %next) sizes <[4]> grid <4> scratch <0>
    kernel.invoke @tw_k0(%v, %piece) sizes <[4]> grid <4> scratch <0>
    kernel.yield %next, %piece while <"go">
  } : !kernel.buffer, !kernel.buffer
  %y = kernel.output {index = 0 : i64}
  kernel.invoke @tw_k0(%all, %y) sizes <[12]> grid <12> scratch <0>
}
llvm.func @tw_k0(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32

// -----

// What data decides about has no bound: the node is named that needs the memory, and the one that needs the scratch memory.
// CHECK-LABEL: llvm.func @tw_run
// CHECK-SAME:  kernel.slot_bytes = array<i64: -1>
// CHECK-SAME:  kernel.unbounded = ["positions", "look_up"]
kernel.program "main" symbols [] inputs ["n"] : [tensor<1xsi64>] outputs ["y"] : [tensor<?xf32, #graph.tensor<["s0"]>>] {
  %n = kernel.input {index = 0 : i64}
  kernel.bind %n symbols ["s0"] {width = 8 : i64}
  %y = kernel.reserve {slot = 0 : i64, dims = #graph.dims<["s0"]>, itemsize = 4 : i64, output = 0 : i64} loc("positions")
  kernel.invoke @tw_k0(%n, %y) sizes <["s0"]> grid <"s0"> scratch <"8*s0"> loc("look_up")
}
llvm.func @tw_k0(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32
