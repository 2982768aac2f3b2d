// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: operand 0 '%late' is not defined before this use
func.func @same_block(%x: i32) -> i32 {
  %y = arith.addi %late, %x : i32
  %late = arith.addi %x, %x : i32
  func.return %y : i32
}

// -----

// CHECK: operand 0 '%left' is not defined before this use
func.func @one_branch_only(%c: i1, %x: i32) -> i32 {
  cf.cond_br %c, ^left, ^right
^left:
  %left = arith.addi %x, %x : i32
  cf.br ^end
^right:
  cf.br ^end
^end:
  %y = arith.addi %left, %x : i32
  func.return %y : i32
}

// -----

// CHECK-LABEL: func.func @fine
func.func @fine(%c: i1, %x: i32) -> i32 {
  %before = arith.addi %x, %x : i32
  cf.br ^loop
^loop:
  %again = arith.addi %before, %x : i32
  cf.cond_br %c, ^loop, ^end
^end:
  %y = arith.addi %again, %before : i32
  %z = scf.if %c -> (i32) {
    scf.yield %y : i32
  } else {
    scf.yield %before : i32
  }
  func.return %z : i32
}
