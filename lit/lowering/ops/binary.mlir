// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_add(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.addf
  // CHECK: vector.store
  func.func private @tw_add(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.add %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_sub(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.subf
  // CHECK: vector.store
  func.func private @tw_sub(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sub %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_mul(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.mulf
  // CHECK: vector.store
  func.func private @tw_mul(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.mul %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_div(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.divf
  // CHECK: vector.store
  func.func private @tw_div(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.div %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_pow(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.powf
  // CHECK: vector.store
  func.func private @tw_pow(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.pow %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_min(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf olt
  // CHECK: arith.cmpf
  // CHECK: vector.store
  func.func private @tw_min(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.min %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_max(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf
  // CHECK: vector.store
  func.func private @tw_max(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.max %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_prelu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf olt
  // CHECK: arith.mulf
  // CHECK: vector.store
  func.func private @tw_prelu(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.prelu %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
  // CHECK-LABEL: func.func @tw_mod(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.extf
  // CHECK: math.absf
  // CHECK: arith.divf
  // CHECK: vector.store
  func.func private @tw_mod(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.mod %x, %x2 {fmod = true} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
}
