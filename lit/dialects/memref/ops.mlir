// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// Prefetches, which xDSL's own memref lacks.

// CHECK-LABEL: func.func @near
func.func @near(%m: memref<?x8xf32>, %i: index) {
  // CHECK: memref.prefetch %m[%i, %i], read, locality<3>, data : memref<?x8xf32>
  memref.prefetch %m[%i, %i], read, locality<3>, data : memref<?x8xf32>
  // CHECK: memref.prefetch %m[%i, %i], write, locality<0>, data : memref<?x8xf32>
  memref.prefetch %m[%i, %i], write, locality<0>, data : memref<?x8xf32>
  func.return
}
