// RUN: tilewright-opt %s -p choose-schedules,pack-operands,generalize-kernels,lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4-vnni"} {
  func.func @main(%x: tensor<28x64xui8>, %w: tensor<64x32xsi8>, %s: tensor<32xf32>) -> tensor<28x32xf32> {
    %0 = kernel.launch @tw_int(%x, %w, %s) : (tensor<28x64xui8>, tensor<64x32xsi8>, tensor<32xf32>) -> tensor<28x32xf32>
    func.return %0 : tensor<28x32xf32>
  }

  // One panel of 32 columns, two blocks of 14 rows: four bytes of a row against four of every column, 28 sums of 16 lanes.
  // CHECK: func.func @tw_int
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: vector.load {{.*}} vector<64xi8>
  // CHECK: vector.load {{.*}} vector<64xi8>
  // CHECK: vector.load {{.*}} vector<4xi8>
  // CHECK-COUNT-28: "llvm.x86.avx512.vpdpbusd.512"
  // CHECK-NOT: vpdpbusd
  // CHECK: arith.sitofp
  // CHECK: func.return
  func.func private @tw_int(%x: tensor<28x64xui8>, %w: tensor<64x32xsi8>, %s: tensor<32xf32>) -> tensor<28x32xf32>
      attributes {kernel.kind = "kernel"} {
    %0 = graph.matmul %x, %w : (tensor<28x64xui8>, tensor<64x32xsi8>) -> tensor<28x32xsi32>
    %1 = graph.cast %0 : (tensor<28x32xsi32>) -> tensor<28x32xf32>
    %2 = graph.mul %1, %s : (tensor<28x32xf32>, tensor<32xf32>) -> tensor<28x32xf32>
    func.return %2 : tensor<28x32xf32>
  }

  // The pack of a weight that is computed at run time.
  // CHECK: func.func @tw_pack0_quads_b
}
