// RUN: tilewright-opt %s -p lower-run | filecheck %s

// Kernels run through one function, which leaves grids of more than a grain to the thread pool where there is one.
// CHECK:      llvm.func @tw_launch(%[[CTX:.*]]: !llvm.ptr, %[[KERNEL:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[GRID:.*]]: i64, %[[GRAIN:.*]]: i64)
// CHECK:        llvm.getelementptr %[[CTX]][4]
// CHECK:        llvm.icmp "ne"
// CHECK:        llvm.icmp "sgt" %[[GRID]], %[[GRAIN]]
// CHECK:        llvm.call %[[KERNEL]](%[[CTX]],

// One call an invocation, with its piece of the table; a code other than 0 leaves with the invocation's number in the upper half.
// CHECK:      llvm.func @tw_run(%ctx: !llvm.ptr, %table: !llvm.ptr) -> i32
// CHECK-SAME: kernel.pointers = array<i64: 3, 0, 0, 4, 2, 0, 5, 1, 0>
// CHECK-SAME: kernel.weights = ["w"]
// CHECK:        %[[BUFFERS:.*]] = llvm.getelementptr %table[3]
// CHECK:        %[[SIZES:.*]] = llvm.getelementptr %table[6]
// CHECK:        %[[ADDRESS:.*]] = llvm.mlir.addressof @tw_k0
// CHECK:        %[[CODE:.*]] = llvm.call @tw_launch(%ctx, %[[ADDRESS]], %[[BUFFERS]], %[[SIZES]], %{{.*}}, %{{.*}})
// CHECK:        llvm.icmp "ne" %[[CODE]]
// CHECK:        llvm.mlir.constant(65536 : i32)
kernel.program "main" symbols ["n"] inputs ["x"] : [tensor<?xf32, #graph.tensor<["n"]>>]
    outputs ["y"] : [tensor<?xf32, #graph.tensor<["n"]>>] {
  %x = kernel.input {index = 0 : i64}
  %w = kernel.weight <"w">
  %y = kernel.output {index = 0 : i64}
  kernel.invoke @tw_k0(%x, %w, %y) sizes <["n"]> grid <"n"> scratch <0>
}
llvm.func @tw_k0(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32
