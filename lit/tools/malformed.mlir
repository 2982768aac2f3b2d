// RUN: not tilewright-opt %s 2>&1 | filecheck %s

// CHECK: tilewright-opt:
// CHECK-SAME: malformed.mlir:5
func.func @f( {
