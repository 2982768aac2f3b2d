// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v4}' | filecheck %s

// An address is split by the loop in which each part is known: i*ld outside the loop over k, 2*k + 7 inside, the 7 last.
// CHECK: llvm.func @tw_rows
func.func @tw_rows(%x: memref<?xf32>, %ld: index, %n: index, %scratch: memref<?xi8>, %lo: index, %hi: index) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  %zero = arith.constant 0.0 : f32
  // CHECK: %[[x:[0-9]+]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[ld:[0-9]+]] = llvm.load %{{.*}} : !llvm.ptr -> i64
  %v = memref.reinterpret_cast %x to offset: [0], sizes: [%n, %ld], strides: [%ld, 1] : memref<?xf32> to memref<?x?xf32, strided<[?, 1]>>
  scf.for %i = %lo to %hi step %c1 {
    // CHECK: ^bb1(%[[i:[0-9]+]]: i64):
    // CHECK-NEXT: %[[row:[0-9]+]] = llvm.mul %[[i]], %[[ld]] : i64
    // CHECK-NEXT: %[[p0:[0-9]+]] = llvm.getelementptr %[[x]][%[[row]]] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    // CHECK-NEXT: llvm.icmp "slt"
    // CHECK-NEXT: llvm.cond_br
    scf.for %k = %c0 to %n step %c1 {
      // CHECK: ^bb2(%[[k:[0-9]+]]: i64):
      // CHECK-NEXT: %[[k2:[0-9]+]] = llvm.mul %[[k]], %{{.*}} : i64
      // CHECK-NEXT: %[[p1:[0-9]+]] = llvm.getelementptr %[[p0]][%[[k2]]] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      // CHECK-NEXT: %[[p2:[0-9]+]] = llvm.getelementptr %[[p1]][7] : (!llvm.ptr) -> !llvm.ptr, f32
      // CHECK-NEXT: llvm.store %{{.*}}, %[[p2]] {alignment = 4 : i64} : f32, !llvm.ptr
      %twice = arith.muli %k, %c2 : index
      %at = arith.addi %twice, %c7 : index
      memref.store %zero, %v[%i, %at] : memref<?x?xf32, strided<[?, 1]>>
      // The second access shares the pointer of the first.
      // CHECK-NEXT: llvm.store %{{.*}}, %[[p1]] {alignment = 4 : i64} : f32, !llvm.ptr
      memref.store %zero, %v[%i, %twice] : memref<?x?xf32, strided<[?, 1]>>
      // CHECK-NEXT: llvm.add %[[k]], %{{.*}} overflow<nsw> : i64
    }
  }
  %ok = arith.constant 0 : i32
  func.return %ok : i32
}
