// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_exp(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.exp
  // CHECK: vector.store
  func.func private @tw_exp(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_log(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.log
  // CHECK: vector.store
  func.func private @tw_log(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.log %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_sqrt(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.sqrt
  // CHECK: vector.store
  func.func private @tw_sqrt(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sqrt %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_rsqrt(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.sqrt
  // CHECK: arith.divf
  // CHECK: vector.store
  func.func private @tw_rsqrt(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.rsqrt %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_reciprocal(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.divf
  // CHECK: vector.store
  func.func private @tw_reciprocal(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.reciprocal %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_sin(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.sin
  // CHECK: vector.store
  func.func private @tw_sin(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sin %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_cos(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.cos
  // CHECK: vector.store
  func.func private @tw_cos(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.cos %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_tan(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.tan
  // CHECK: vector.store
  func.func private @tw_tan(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.tan %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_sinh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.sinh
  // CHECK: vector.store
  func.func private @tw_sinh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.sinh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_cosh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.cosh
  // CHECK: vector.store
  func.func private @tw_cosh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.cosh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_asin(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.asin
  // CHECK: vector.store
  func.func private @tw_asin(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.asin %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_acos(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.acos
  // CHECK: vector.store
  func.func private @tw_acos(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.acos %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_atan(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.atan
  // CHECK: vector.store
  func.func private @tw_atan(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.atan %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_asinh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.asinh
  // CHECK: vector.store
  func.func private @tw_asinh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.asinh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_acosh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.acosh
  // CHECK: vector.store
  func.func private @tw_acosh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.acosh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_atanh(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.atanh
  // CHECK: vector.store
  func.func private @tw_atanh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.atanh %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
  // CHECK-LABEL: func.func @tw_erf(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: math.erf
  // CHECK: vector.store
  func.func private @tw_erf(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.erf %x : (tensor<4xf32>) -> tensor<4xf32>
    func.return %r : tensor<4xf32>
  }
}
