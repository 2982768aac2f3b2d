// RUN: tilewright-opt %s -p choose-schedules,pack-operands,generalize-kernels,lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  func.func @main(%x: tensor<28x64xf32>, %w: tensor<64x32xf32>, %b: tensor<32xf32>) -> tensor<28x32xf32> {
    %0 = kernel.launch @tw_linear(%x, %w, %b) : (tensor<28x64xf32>, tensor<64x32xf32>, tensor<32xf32>) -> tensor<28x32xf32>
    func.return %0 : tensor<28x32xf32>
  }

  // One panel of 32 columns, two blocks of 14 rows: 28 accumulators, each one chain over the depth; bias and relu in the store.
  // CHECK: func.func @tw_linear
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: vector.load {{.*}} vector<16xf32>
  // CHECK: vector.load {{.*}} vector<16xf32>
  // CHECK: memref.prefetch {{.*}} locality<3>
  // CHECK-COUNT-28: vector.fma
  // CHECK-NOT: vector.fma
  // CHECK: arith.addf
  // CHECK-NOT: maskedstore
  // CHECK: func.return
  func.func private @tw_linear(%x: tensor<28x64xf32>, %w: tensor<64x32xf32>, %b: tensor<32xf32>) -> tensor<28x32xf32>
      attributes {kernel.kind = "kernel"} {
    %0 = graph.matmul %x, %w : (tensor<28x64xf32>, tensor<64x32xf32>) -> tensor<28x32xf32>
    %1 = graph.add %0, %b : (tensor<28x32xf32>, tensor<32xf32>) -> tensor<28x32xf32>
    %2 = graph.relu %1 : (tensor<28x32xf32>) -> tensor<28x32xf32>
    func.return %2 : tensor<28x32xf32>
  }
}
