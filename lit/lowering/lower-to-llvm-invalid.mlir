// RUN: not tilewright-opt %s -p lower-to-llvm 2>&1 | filecheck %s

// CHECK: lower-to-llvm: math.exp: no lowering to the llvm dialect
func.func @tw_f(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<?xf32>
  %e = math.exp %v : f32
  memref.store %e, %x[%c0] : memref<?xf32>
  func.return
}
