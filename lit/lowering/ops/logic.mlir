// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_not(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: arith.xori
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_not(%b: tensor<4xi1>) -> tensor<4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.not %b : (tensor<4xi1>) -> tensor<4xi1>
    func.return %r : tensor<4xi1>
  }
  // CHECK-LABEL: func.func @tw_bitwise_not(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.xori
  // CHECK: vector.store
  func.func private @tw_bitwise_not(%i: tensor<4xsi32>) -> tensor<4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.bitwise_not %i : (tensor<4xsi32>) -> tensor<4xsi32>
    func.return %r : tensor<4xsi32>
  }
  // CHECK-LABEL: func.func @tw_is_nan(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_is_nan(%x: tensor<4xf32>) -> tensor<4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.is_nan %x : (tensor<4xf32>) -> tensor<4xi1>
    func.return %r : tensor<4xi1>
  }
  // CHECK-LABEL: func.func @tw_less(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf olt
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_less(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.less %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_less_equal(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ole
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_less_equal(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.less_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_greater(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_greater(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.greater %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_greater_equal(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf oge
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_greater_equal(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.greater_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_equal(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf oeq
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_equal(%x: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_and(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.store
  func.func private @tw_and(%b: tensor<2x4xi1>, %b2: tensor<4xi1>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.and %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_or(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.store
  func.func private @tw_or(%b: tensor<2x4xi1>, %b2: tensor<4xi1>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.or %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_xor(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.store
  func.func private @tw_xor(%b: tensor<2x4xi1>, %b2: tensor<4xi1>) -> tensor<2x4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.xor %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
    func.return %r : tensor<2x4xi1>
  }
  // CHECK-LABEL: func.func @tw_bitwise_and(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.andi
  // CHECK: vector.store
  func.func private @tw_bitwise_and(%i: tensor<2x4xsi32>, %i2: tensor<4xsi32>) -> tensor<2x4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.bitwise_and %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
    func.return %r : tensor<2x4xsi32>
  }
  // CHECK-LABEL: func.func @tw_bitwise_or(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.ori
  // CHECK: vector.store
  func.func private @tw_bitwise_or(%i: tensor<2x4xsi32>, %i2: tensor<4xsi32>) -> tensor<2x4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.bitwise_or %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
    func.return %r : tensor<2x4xsi32>
  }
  // CHECK-LABEL: func.func @tw_bitwise_xor(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.xori
  // CHECK: vector.store
  func.func private @tw_bitwise_xor(%i: tensor<2x4xsi32>, %i2: tensor<4xsi32>) -> tensor<2x4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.bitwise_xor %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
    func.return %r : tensor<2x4xsi32>
  }
  // CHECK-LABEL: func.func @tw_shift_left(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi sge
  // CHECK: arith.cmpi slt
  // CHECK: arith.andi
  // CHECK: vector.store
  func.func private @tw_shift_left(%i: tensor<2x4xsi32>, %i2: tensor<4xsi32>) -> tensor<2x4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.shift_left %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
    func.return %r : tensor<2x4xsi32>
  }
  // CHECK-LABEL: func.func @tw_shift_right(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi sge
  // CHECK: arith.cmpi slt
  // CHECK: arith.andi
  // CHECK: vector.store
  func.func private @tw_shift_right(%i: tensor<2x4xsi32>, %i2: tensor<4xsi32>) -> tensor<2x4xsi32> attributes {kernel.kind = "kernel"} {
    %r = graph.shift_right %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
    func.return %r : tensor<2x4xsi32>
  }
  // CHECK-LABEL: func.func @tw_is_inf(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpf oeq
  // CHECK: arith.extui
  // CHECK: vector.store
  func.func private @tw_is_inf(%x: tensor<4xf32>) -> tensor<4xi1> attributes {kernel.kind = "kernel"} {
    %r = graph.is_inf %x {detect_negative = true, detect_positive = false} : (tensor<4xf32>) -> tensor<4xi1>
    func.return %r : tensor<4xi1>
  }
  // CHECK-LABEL: func.func @tw_where(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.for
  // CHECK: vector.load
  // CHECK: arith.cmpi ne
  // CHECK: vector.load
  // CHECK: vector.store
  func.func private @tw_where(%b: tensor<2x4xi1>, %x2: tensor<4xf32>, %x: tensor<2x4xf32>) -> tensor<2x4xf32> attributes {kernel.kind = "kernel"} {
    %r = graph.where %b, %x2, %x : (tensor<2x4xi1>, tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    func.return %r : tensor<2x4xf32>
  }
}
