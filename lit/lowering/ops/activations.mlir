// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_tanh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.tanh
  // CHECK: vector.store
  func.func private @tw_tanh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_sigmoid(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.minimumf
  // CHECK: arith.maximumf
  // CHECK: vector.fma
  // CHECK: vector.store
  func.func private @tw_sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_softsign(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.absf
  // CHECK: arith.divf
  // CHECK: vector.store
  func.func private @tw_softsign(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.softsign %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_softplus(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.absf
  // CHECK: arith.minimumf
  // CHECK: vector.fma
  // CHECK: vector.store
  func.func private @tw_softplus(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.softplus %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_mish(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.minimumf
  // CHECK: arith.maximumf
  // CHECK: vector.fma
  // CHECK: vector.store
  func.func private @tw_mish(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.mish %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_silu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.minimumf
  // CHECK: arith.maximumf
  // CHECK: vector.fma
  // CHECK: vector.store
  func.func private @tw_silu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.silu %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_hard_swish(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.fma
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: vector.store
  func.func private @tw_hard_swish(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.hard_swish %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_relu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.select
  // CHECK: vector.store
  func.func private @tw_relu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_leaky_relu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf olt
  // CHECK: arith.mulf
  // CHECK: vector.store
  func.func private @tw_leaky_relu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.leaky_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_elu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: math.expm1
  // CHECK: arith.mulf
  // CHECK: vector.store
  func.func private @tw_elu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.elu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_celu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.divf
  // CHECK: math.expm1
  // CHECK: vector.store
  func.func private @tw_celu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.celu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_selu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.mulf
  // CHECK: math.expm1
  // CHECK: vector.store
  func.func private @tw_selu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.selu %x {alpha = 5.000000e-01 : f64, gamma = 2.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_thresholded_relu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.select
  // CHECK: vector.store
  func.func private @tw_thresholded_relu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.thresholded_relu %x {alpha = 5.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_hard_sigmoid(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: vector.fma
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: vector.store
  func.func private @tw_hard_sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.hard_sigmoid %x {alpha = 5.000000e-01 : f64, beta = 2.500000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_clip(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: vector.store
  func.func private @tw_clip(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.clip %x {min = 0.000000e+00 : f64, max = 6.000000e+00 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_gelu(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.mulf
  // CHECK: vector.fma
  // CHECK: arith.mulf
  // CHECK: vector.store
  func.func private @tw_gelu(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.gelu %x {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
}
