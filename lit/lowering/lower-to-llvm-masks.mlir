// RUN: tilewright-opt %s -p 'lower-to-llvm{target=x86-64-v3}' | filecheck %s --check-prefix V3
// RUN: tilewright-opt %s -p 'lower-to-llvm{target=aarch64-neon}' | filecheck %s --check-prefix NEON

// A ragged end where the target has no masks: one branch, a whole vector or lane by lane.
// V3-LABEL: llvm.func @tw_f
// V3: tw_llvm.masked_load
// V3: tw_llvm.masked_store
// NEON-LABEL: llvm.func @tw_f
// NEON-NOT: masked
// NEON: llvm.cond_br
// NEON: llvm.load {{.*}} -> vector<4xf32>
// NEON: llvm.icmp "sgt"
// NEON: llvm.select %{{.*}} : i1, !llvm.ptr
// NEON: llvm.load {{.*}} -> f32
// NEON: llvm.cond_br
// NEON: llvm.store {{.*}} : vector<4xf32>
// NEON: tw_llvm.extractelement
func.func @tw_f(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %m = vector.create_mask %n : vector<4xi1>
  %v = vector.maskedload %x[%c0], %m, %zero : memref<?xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  vector.maskedstore %y[%c0], %m, %v : memref<?xf32>, vector<4xi1>, vector<4xf32>
  func.return
}

// A known count needs no branch; AVX has no masks for bytes.
// V3-LABEL: llvm.func @tw_g
// V3-NOT: masked
// V3-NOT: llvm.cond_br
// NEON-LABEL: llvm.func @tw_g
// NEON-NOT: llvm.cond_br
func.func @tw_g(%x: memref<?xi8>, %y: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant dense<0> : vector<4xi8>
  %m = vector.create_mask %c3 : vector<4xi1>
  %v = vector.maskedload %x[%c0], %m, %zero : memref<?xi8>, vector<4xi1>, vector<4xi8> into vector<4xi8>
  vector.maskedstore %y[%c0], %m, %v : memref<?xi8>, vector<4xi1>, vector<4xi8>
  func.return
}

// One known lane is a plain store on every target: LLVM would store a truncated vector's first lane too wide.
// V3-LABEL: llvm.func @tw_h
// V3:     tw_llvm.extractelement
// V3-NOT: masked
// NEON-LABEL: llvm.func @tw_h
func.func @tw_h(%y: memref<?xf32>, %v: vector<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = vector.create_mask %c1 : vector<4xi1>
  vector.maskedstore %y[%c0], %m, %v : memref<?xf32>, vector<4xi1>, vector<4xf32>
  func.return
}
