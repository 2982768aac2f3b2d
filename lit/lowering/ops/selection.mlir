// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_sort_rows(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.store
  func.func private @tw_sort_rows(%x: tensor<?x3xf32, #graph.tensor<["n", 3]>>) -> tensor<?xsi64, #graph.tensor<["n"]>> attributes {kernel.kind = "kernel"} {
    %r = graph.sort_rows %x : (tensor<?x3xf32, #graph.tensor<["n", 3]>>) -> tensor<?xsi64, #graph.tensor<["n"]>>
    func.return %r : tensor<?xsi64, #graph.tensor<["n"]>>
  }
  // CHECK-LABEL: func.func @tw_suppress(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.store
  func.func private @tw_suppress(%boxes: tensor<1x9x4xf32>, %c: tensor<1x2x9xsi64>, %l: tensor<si64>, %t: tensor<f32>) -> tensor<1x2x9xsi64> attributes {kernel.kind = "kernel"} {
    %r = graph.suppress %boxes, %c, %l, %t : (tensor<1x9x4xf32>, tensor<1x2x9xsi64>, tensor<si64>, tensor<f32>) -> tensor<1x2x9xsi64>
    func.return %r : tensor<1x2x9xsi64>
  }
}
