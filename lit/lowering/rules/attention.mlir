// RUN: tilewright-opt %s -p choose-schedules,pack-operands,generalize-kernels,lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  func.func @main(%q: tensor<2x64x16xf32>, %k: tensor<2x256x16xf32>, %v: tensor<2x256x16xf32>) -> tensor<2x64x16xf32> {
    %0 = kernel.launch @tw_attention(%q, %k, %v) : (tensor<2x64x16xf32>, tensor<2x256x16xf32>, tensor<2x256x16xf32>) -> tensor<2x64x16xf32>
    func.return %0 : tensor<2x64x16xf32>
  }

  // Batch and blocks of queries; blocks of keys, which carry maxima and sums; keys in rows of the register block.
  // CHECK: func.func @tw_attention
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: scf.for
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: vector.fma
  // Sums over the total of exponentials, transposed.
  // CHECK: arith.divf
  // CHECK: vector.shuffle
  // CHECK: vector.maskedstore
  // CHECK: func.return
  func.func private @tw_attention(%q: tensor<2x64x16xf32>, %k: tensor<2x256x16xf32>, %v: tensor<2x256x16xf32>) -> tensor<2x64x16xf32>
      attributes {kernel.kind = "kernel"} {
    %0 = graph.attention %q, %k, %v {scale = 0.25 : f64, softcap = 0.0 : f64} : (tensor<2x64x16xf32>, tensor<2x256x16xf32>, tensor<2x256x16xf32>) -> tensor<2x64x16xf32>
    func.return %0 : tensor<2x64x16xf32>
  }
}
