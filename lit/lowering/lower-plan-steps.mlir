// RUN: tilewright-opt %s -p lower-plan | filecheck %s

// What depends on s0 is computed by a step, from the word of s0 in the table; a negative or too large size is check 1.
// CHECK-LABEL: func.func @tw_plan
// CHECK-LABEL: func.func @tw_step1(%table: memref<?xi64>) -> i32 {
// CHECK:         arith.constant 1073741825 : index
// CHECK:         memref.load %table[%{{.*}}] : memref<?xi64>
// CHECK:         arith.cmpi slt
// CHECK:         arith.cmpi sgt
// CHECK:         func.return %{{.*}} : i32
kernel.program "main" symbols [] inputs ["n"] : [tensor<1xsi64>] outputs ["y"] : [tensor<?xf32, #graph.tensor<["s0"]>>] {
  %n = kernel.input {index = 0 : i64}
  kernel.bind %n symbols ["s0"] {width = 8 : i64}
  %y = kernel.reserve {slot = 0 : i64, dims = #graph.dims<["s0"]>, itemsize = 4 : i64, output = 0 : i64}
  kernel.invoke @tw_k0(%n, %y) sizes <["s0"]> grid <"s0"> scratch <0>
}
llvm.func @tw_k0(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32
