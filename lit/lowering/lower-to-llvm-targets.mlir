// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v2}' | filecheck %s --check-prefix V2
// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v3}' | filecheck %s --check-prefix V3

// A fused multiply-add where there is one; f16 in integer arithmetic where it has no instructions.
// V2-LABEL: llvm.func @tw_f
// V3-LABEL: llvm.func @tw_f
func.func @tw_f(%x: memref<8xf32>, %h: memref<8xf16>) {
  %c0 = arith.constant 0 : index
  %v = vector.load %x[%c0] : memref<8xf32>, vector<8xf32>
  // V2: %[[m:[0-9]+]] = llvm.fmul
  // V2-NEXT: llvm.fadd %[[m]]
  // V3: llvm.intr.fma
  %w = vector.fma %v, %v, %v : vector<8xf32>
  // V2-NOT: llvm.fptrunc
  // V2: llvm.trunc %{{.*}} : vector<8xi32> to vector<8xi16>
  // V3: llvm.fptrunc %{{.*}} : vector<8xf32> to vector<8xf16>
  %n = arith.truncf %w : vector<8xf32> to vector<8xf16>
  vector.store %n, %h[%c0] : memref<8xf16>, vector<8xf16>
  func.return
}
