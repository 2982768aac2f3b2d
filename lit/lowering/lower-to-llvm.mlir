// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v4}' | filecheck %s

// The kernel ABI: buffers and sizes come from the two tables; unused ones are not read.
// CHECK: llvm.func @tw_abi(%[[ctx:[0-9]+]]: !llvm.ptr, %[[bufs:[0-9]+]]: !llvm.ptr, %[[sizes:[0-9]+]]: !llvm.ptr, %[[scratch:[0-9]+]]: !llvm.ptr, %[[lo:[0-9]+]]: i64, %[[hi:[0-9]+]]: i64) -> i32 {
func.func @tw_abi(%x: memref<?xf32>, %y: memref<?xf32>, %d0: index, %scratch: memref<?xi8>, %lo: index, %hi: index) -> i32 {
  // CHECK-NEXT: %[[zero:[0-9]+]] = llvm.mlir.constant(0 : i32) : i32
  // CHECK-NEXT: %[[at:[0-9]+]] = llvm.getelementptr %[[bufs]][1] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK-NEXT: %[[y:[0-9]+]] = llvm.load %[[at]] {alignment = 8 : i64} : !llvm.ptr -> !llvm.ptr
  // CHECK-NEXT: %[[d0:[0-9]+]] = llvm.load %[[sizes]] {alignment = 8 : i64} : !llvm.ptr -> i64
  // CHECK-NEXT: %[[p:[0-9]+]] = llvm.getelementptr %[[y]][%[[d0]]] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  // CHECK-NEXT: %[[v:[0-9]+]] = llvm.load %[[p]] {alignment = 4 : i64} : !llvm.ptr -> f32
  %v = memref.load %y[%d0] : memref<?xf32>
  // CHECK-NEXT: llvm.store %[[v]], %[[y]] {alignment = 4 : i64} : f32, !llvm.ptr
  %c0 = arith.constant 0 : index
  memref.store %v, %y[%c0] : memref<?xf32>
  // CHECK-NEXT: llvm.return %[[zero]] : i32
  %ok = arith.constant 0 : i32
  func.return %ok : i32
}

// A function without the kernel's arguments keeps its own; a memref is passed as a pointer to its first element.
// CHECK: llvm.func @tw_callee(!llvm.ptr, i64) -> i32
func.func private @tw_callee(memref<?xi64>, index) -> i32
// CHECK: llvm.func @tw_host(%[[table:[0-9]+]]: !llvm.ptr) -> i32 {
func.func @tw_host(%table: memref<?xi64>) -> i32 {
  // CHECK: %[[n:[0-9]+]] = llvm.load %[[table]] {alignment = 8 : i64} : !llvm.ptr -> i64
  %c0 = arith.constant 0 : index
  %w = memref.load %table[%c0] : memref<?xi64>
  %n = arith.index_cast %w : i64 to index
  // CHECK: %[[at:[0-9]+]] = llvm.getelementptr %[[table]][3] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK: %[[r:[0-9]+]] = llvm.call @tw_callee(%[[at]], %[[n]]) : (!llvm.ptr, i64) -> i32
  %sub = memref.reinterpret_cast %table to offset: [3], sizes: [%n], strides: [1] : memref<?xi64> to memref<?xi64, strided<[1], offset: 3>>
  %flat = "memref.cast"(%sub) : (memref<?xi64, strided<[1], offset: 3>>) -> memref<?xi64>
  %r = func.call @tw_callee(%flat, %n) : (memref<?xi64>, index) -> i32
  // CHECK: llvm.return %[[r]] : i32
  func.return %r : i32
}

// Constant tables stay with the code that reads them.
// CHECK: llvm.mlir.global private constant @tw_table(dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>)
"memref.global"() <{sym_name = "tw_table", sym_visibility = "private", type = memref<2xf32>, initial_value = dense<[1.0, 2.0]> : tensor<2xf32>, constant}> : () -> ()
