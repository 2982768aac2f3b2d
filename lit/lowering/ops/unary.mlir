// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_abs(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.absf
  // CHECK: vector.store
  func.func private @tw_abs(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.abs %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_neg(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.negf
  // CHECK: vector.store
  func.func private @tw_neg(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_sign(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: vector.store
  func.func private @tw_sign(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sign %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_floor(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.floor
  // CHECK: vector.store
  func.func private @tw_floor(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.floor %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_ceil(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.ceil
  // CHECK: vector.store
  func.func private @tw_ceil(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.ceil %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_round(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.roundeven
  // CHECK: vector.store
  func.func private @tw_round(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.round %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_identity(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_identity(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.identity %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_cast(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.bitcast
  // CHECK: arith.andi
  // CHECK: arith.shrui
  // CHECK: vector.store
  func.func private @tw_cast(%x: tensor<4xf32>) -> tensor<4xf8E5M2> attributes {kernel.kind = "kernel"} {
    %r = graph.cast %x : (tensor<4xf32>) -> tensor<4xf8E5M2>
    func.return %r : tensor<4xf8E5M2>
  }
  // CHECK-LABEL: func.func @tw_bitcast(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.shli
  // CHECK: arith.shrsi
  // CHECK: arith.andi
  // CHECK: vector.store
  func.func private @tw_bitcast(%i: tensor<4xsi4>) -> tensor<4xf4E2M1FN> attributes {kernel.kind = "kernel"} {
    %r = graph.bitcast %i : (tensor<4xsi4>) -> tensor<4xf4E2M1FN>
    func.return %r : tensor<4xf4E2M1FN>
  }
}
