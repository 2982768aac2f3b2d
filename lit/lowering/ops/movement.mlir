// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_shape(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: arith.cmpi eq
  // CHECK: memref.store
  func.func private @tw_shape(%x: tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<4xsi64> attributes {kernel.kind = "kernel"} {
    %r = graph.shape %x : (tensor<?x8x6x6xf32, #graph.tensor<["n", 8, 6, 6]>>) -> tensor<4xsi64>
    func.return %r : tensor<4xsi64>
  }
  // CHECK-LABEL: func.func @tw_range(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.trunci
  // CHECK: memref.store
  func.func private @tw_range(%s: tensor<si32>) -> tensor<?xsi32, #graph.tensor<["m"]>> attributes {kernel.kind = "kernel"} {
    %r = graph.range %s, %s, %s : (tensor<si32>, tensor<si32>, tensor<si32>) -> tensor<?xsi32, #graph.tensor<["m"]>>
    func.return %r : tensor<?xsi32, #graph.tensor<["m"]>>
  }
  // CHECK-LABEL: func.func @tw_transpose(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.shuffle
  // CHECK: vector.store
  func.func private @tw_transpose(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<4x?x6xf32, #graph.tensor<[4, "n", 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<4x?x6xf32, #graph.tensor<[4, "n", 6]>>
    func.return %r : tensor<4x?x6xf32, #graph.tensor<[4, "n", 6]>>
  }
  // CHECK-LABEL: func.func @tw_reshape(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_reshape(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?xf32, #graph.tensor<["24*n"]>> attributes {kernel.kind = "kernel"} {
    %r = graph.reshape %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?xf32, #graph.tensor<["24*n"]>>
    func.return %r : tensor<?xf32, #graph.tensor<["24*n"]>>
  }
  // CHECK-LABEL: func.func @tw_broadcast(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_broadcast(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<3x?x6x4xf32, #graph.tensor<[3, "n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.broadcast %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<3x?x6x4xf32, #graph.tensor<[3, "n", 6, 4]>>
    func.return %r : tensor<3x?x6x4xf32, #graph.tensor<[3, "n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_stretch(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_stretch(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<2x?x6x4xf32, #graph.tensor<[2, "max(m, n)", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.stretch %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<2x?x6x4xf32, #graph.tensor<[2, "max(m, n)", 6, 4]>>
    func.return %r : tensor<2x?x6x4xf32, #graph.tensor<[2, "max(m, n)", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_slice(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: vector.insert
  // CHECK: memref.load
  // CHECK: memref.load
  // CHECK: vector.store
  func.func private @tw_slice(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x3x1xf32, #graph.tensor<["n", 3, 1]>> attributes {kernel.kind = "kernel"} {
    %r = graph.slice %x {starts = #graph.dims<["n - 1", 0, 3]>, steps = #graph.dims<[-1, 2, 1]>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x3x1xf32, #graph.tensor<["n", 3, 1]>>
    func.return %r : tensor<?x3x1xf32, #graph.tensor<["n", 3, 1]>>
  }
  // CHECK-LABEL: func.func @tw_concat(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_concat(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["2*n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.concat %x, %x {axis = 0 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>, tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["2*n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["2*n", 6, 4]>>
  }
  // CHECK-LABEL: func.func @tw_pad(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_pad(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x7x3xf32, #graph.tensor<["2*n", 7, 3]>> attributes {kernel.kind = "kernel"} {
    %r = graph.pad %x {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<["n", 0, -1]>, mode = "edge"} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x7x3xf32, #graph.tensor<["2*n", 7, 3]>>
    func.return %r : tensor<?x7x3xf32, #graph.tensor<["2*n", 7, 3]>>
  }
  // CHECK-LABEL: func.func @tw_relayout(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_relayout(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4], order [0, 2, 1]>> attributes {kernel.kind = "kernel"} {
    %r = graph.relayout %x : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4], order [0, 2, 1]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4], order [0, 2, 1]>>
  }
  // CHECK-LABEL: func.func @tw_trilu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: arith.cmpi sle
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: memref.store
  func.func private @tw_trilu(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.trilu %x {upper = false, k = -1 : i64} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
    func.return %r : tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>
  }
}
