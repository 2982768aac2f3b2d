// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // The coordinates of a point are read once; the loop over channels holds its four pixels and nothing of the coordinates.
  // CHECK: func.func @tw_sample
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK-COUNT-2: math.floor
  // CHECK: scf.for
  // CHECK-NOT: math.floor
  // CHECK-COUNT-4: memref.load
  // CHECK: memref.store
  // CHECK: func.return
  func.func private @tw_sample(%x: tensor<1x8x9x7xf32>, %at: tensor<1x5x2xf32>) -> tensor<1x8x5xf32> attributes {kernel.kind = "kernel"} {
    %0 = graph.sample %x, %at {mode = "linear"} : (tensor<1x8x9x7xf32>, tensor<1x5x2xf32>) -> tensor<1x8x5xf32>
    func.return %0 : tensor<1x8x5xf32>
  }
}
