// RUN: tilewright-opt %s -p canonicalize,dce --disable-pass canonicalize | filecheck %s

// CHECK-LABEL: func.func @f
// CHECK-NEXT:    %x = arith.constant 1 : i32
// CHECK-NEXT:    %y = arith.addi %x, %x : i32
// CHECK-NEXT:    func.return %y : i32
func.func @f() -> i32 {
  %x = arith.constant 1 : i32
  %unused = arith.constant 2 : i32
  %y = arith.addi %x, %x : i32
  func.return %y : i32
}
