// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v4}' | filecheck %s

// Loops are rotated, accumulators are block arguments; a loop that is known to run needs no first test.
// CHECK: llvm.func @tw_sum(%[[n:[0-9]+]]: i64) -> i32 {
func.func @tw_sum(%n: index) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %z = arith.constant 0 : i32
  // CHECK: llvm.br ^bb1(%{{.*}}, %{{.*}} : i64, i32)
  // CHECK-NEXT: ^bb1(%[[i:[0-9]+]]: i64, %[[acc:[0-9]+]]: i32):
  %a = scf.for %i = %c0 to %c8 step %c1 iter_args(%acc = %z) -> (i32) {
    // CHECK-NEXT: %[[t:[0-9]+]] = llvm.trunc %[[i]] : i64 to i32
    // CHECK-NEXT: %[[s:[0-9]+]] = llvm.add %[[acc]], %[[t]] : i32
    // CHECK-NEXT: %[[next:[0-9]+]] = llvm.add %[[i]], %{{.*}} overflow<nsw> : i64
    // CHECK-NEXT: %[[more:[0-9]+]] = llvm.icmp "slt" %[[next]], %{{.*}} : i64
    // CHECK-NEXT: llvm.cond_br %[[more]], ^bb1(%[[next]], %[[s]] : i64, i32), ^bb2(%[[s]] : i32)
    %t = arith.index_cast %i : index to i32
    %s = arith.addi %acc, %t : i32
    scf.yield %s : i32
  }
  // A loop that runs once is no loop, one that never runs is nothing.
  // CHECK-NEXT: ^bb2(%[[a:[0-9]+]]: i32):
  // CHECK-NEXT: %[[b:[0-9]+]] = llvm.add %[[a]], %[[a]] : i32
  %b = scf.for %i = %n to %n step %c1 iter_args(%acc = %a) -> (i32) {
    scf.yield %z : i32
  }
  %n1 = arith.addi %n, %c1 : index
  %c = scf.for %i = %n to %n1 step %c8 iter_args(%acc = %b) -> (i32) {
    %s = arith.addi %acc, %acc : i32
    scf.yield %s : i32
  }
  // A branch whose condition is known is not one.
  // CHECK-NEXT: llvm.return %[[b]] : i32
  %known = arith.cmpi slt, %n, %n1 : index
  %r = scf.if %known -> (i32) {
    scf.yield %c : i32
  } else {
    scf.yield %z : i32
  }
  func.return %r : i32
}

// What a loop does not depend on leaves it, but not a branch: the division by 3 is computed before the loop.
// CHECK: llvm.func @tw_hoist(%[[p:[0-9]+]]: !llvm.ptr, %[[n:[0-9]+]]: i64) {
func.func @tw_hoist(%p: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %f = arith.constant 0.0 : f32
  // CHECK: %[[q:[0-9]+]] = llvm.sdiv %[[n]], %{{.*}} : i64
  // CHECK-NEXT: %[[at:[0-9]+]] = llvm.getelementptr %[[p]]{{.}}%[[q]]{{.}} :
  // CHECK: ^bb1(%{{.*}}: i64):
  scf.for %i = %c0 to %n step %c1 {
    %q = arith.divsi %n, %c3 : index
    // CHECK-NEXT: llvm.store %{{.*}}, %[[at]]
    memref.store %f, %p[%q] : memref<?xf32>
  }
  func.return
}
