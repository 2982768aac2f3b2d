// RUN: tilewright-opt %s -p lower-run | filecheck %s

// A loop: its condition in a block of its own; in the body memory is asked for where the slot has too little; behind the body
// two slots change places.
// CHECK:      llvm.func @tw_run(%ctx: !llvm.ptr, %table: !llvm.ptr) -> i32
// CHECK-SAME: kernel.grown_outputs = array<i64>
// CHECK:        llvm.br ^[[HEAD:.*]]
// CHECK:      ^[[HEAD]]:
// CHECK:        llvm.icmp "slt"
// CHECK:        llvm.cond_br %{{.*}}, ^[[BODY:.*]], ^[[AFTER:[^ ]*]]
// CHECK:      ^[[BODY]]:
// CHECK:        llvm.icmp "sle"
// CHECK:        llvm.cond_br %{{.*}}, ^[[ENOUGH:[^,]*]], ^[[MORE:[^ ]*]]
// CHECK:      ^[[MORE]]:
// CHECK:        llvm.call %{{.*}}(%ctx, %{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i64, i64) -> !llvm.ptr
// CHECK:      ^[[ENOUGH]]:
// CHECK:        %[[K0:.*]] = llvm.mlir.addressof @tw_k0
// CHECK:        llvm.call @tw_launch(%ctx, %[[K0]],
kernel.program "main" symbols [] inputs ["x"] : [tensor<4xf32>] outputs ["y"] : [tensor<4xf32>] {
  %x = kernel.input {index = 0 : i64}
  %last = kernel.loop "i" below <3> while "go" from <1> init(%x) slots <[0]> {
  ^bb0(%i: !kernel.buffer, %go: !kernel.buffer, %v: !kernel.buffer):
    %next = kernel.reserve {slot = 1 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64}
    kernel.invoke @tw_k0(%v, %next) sizes <[4]> grid <4> scratch <0>
    kernel.yield %next while <"go">
  } : !kernel.buffer
  %y = kernel.output {index = 0 : i64}
  kernel.invoke @tw_k0(%last, %y) sizes <[4]> grid <4> scratch <0>
}
llvm.func @tw_k0(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32
