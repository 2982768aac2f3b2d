// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // A copy of x; then the updates in order, each index checked before its slice is written; the status is returned.
  // CHECK: func.func @tw_scatter
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK: vector.load
  // CHECK: vector.store
  // CHECK: [[INDEX:%.*]] = memref.load {{.*}} memref<?xi64>
  // CHECK: arith.cmpi ult
  // CHECK: scf.if
  // CHECK: arith.addf
  // CHECK: } else {
  // CHECK-NEXT: memref.store
  // CHECK: func.return
  func.func private @tw_scatter(%x: tensor<100x64xf32>, %i: tensor<9x1xsi64>, %u: tensor<9x64xf32>) -> tensor<100x64xf32>
      attributes {kernel.kind = "kernel"} {
    %0 = graph.scatter_nd %x, %i, %u {reduction = "add"} : (tensor<100x64xf32>, tensor<9x1xsi64>, tensor<9x64xf32>) -> tensor<100x64xf32>
    func.return %0 : tensor<100x64xf32>
  }
}
