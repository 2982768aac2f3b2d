// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

func.func @rank(%m: memref<?x8xf32>, %i: index) {
  // CHECK: 1 indices for a memref of rank 2
  memref.prefetch %m[%i], read, locality<3>, data : memref<?x8xf32>
  func.return
}

// -----

func.func @locality(%m: memref<8xf32>, %i: index) {
  // CHECK: locality is 0 to 3, got 4
  memref.prefetch %m[%i], read, locality<4>, data : memref<8xf32>
  func.return
}
