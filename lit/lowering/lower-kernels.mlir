// RUN: tilewright-opt %s -p lower-kernels | filecheck %s

builtin.module attributes {kernel.target = "x86-64-v4"} {
  // Buffers, sizes, scratch and the slice of the parallel space; 0 for success.
  // CHECK: func.func @tw_k0(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>, %d0: index, %d1: index, %scratch: memref<?xi8>, %lo: index, %hi: index) -> i32 {
  // CHECK: scf.for %{{.*}} = %lo to %hi
  // CHECK: vector.load
  // CHECK: func.return %{{.*}} : i32
  func.func private @tw_k0(%x: tensor<?x?xf32, #graph.tensor<["d0", "d1"]>>) -> tensor<?x1xf32, #graph.tensor<["d0", 1]>>
      attributes {kernel.kind = "kernel", kernel.schedule = #kernel.schedule<"reduction", {lanes = 16 : i64, split = 0 : i64, block = 512 : i64}>,
                  kernel.sizes = ["d0", "d1"], kernel.grid = #graph.dim<"d0">, kernel.scratch = #graph.dim<0>} {
    %0 = graph.reduce %x {kind = "sum", axes = array<i64: 1>, keepdims = true}
      : (tensor<?x?xf32, #graph.tensor<["d0", "d1"]>>) -> tensor<?x1xf32, #graph.tensor<["d0", 1]>>
    func.return %0 : tensor<?x1xf32, #graph.tensor<["d0", 1]>>
  }
}
