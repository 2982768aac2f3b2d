// RUN: tilewright-opt %s -p choose-schedules,generalize-kernels,lower-kernels | filecheck %s

// Each op as a kernel of its own: the loop over its slice, what is read, the arithmetic, what is stored.
builtin.module attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @tw_resize(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: arith.sitofp
  // CHECK: arith.addf
  // CHECK: arith.divf
  // CHECK: arith.subf
  // CHECK: arith.divf
  // CHECK: memref.store
  func.func private @tw_resize(%x: tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x12x6xf32, #graph.tensor<["n", 12, 6]>> attributes {kernel.kind = "kernel"} {
    %r = graph.resize %x {mode = "linear", coordinate = "asymmetric", scales = array<f64: 1.000000e+00, 2.000000e+00, 1.500000e+00>} : (tensor<?x6x4xf32, #graph.tensor<["n", 6, 4]>>) -> tensor<?x12x6xf32, #graph.tensor<["n", 12, 6]>>
    func.return %r : tensor<?x12x6xf32, #graph.tensor<["n", 12, 6]>>
  }
  // CHECK-LABEL: func.func @tw_sample(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: scf.if
  // CHECK: memref.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: math.floor
  // CHECK: memref.store
  func.func private @tw_sample(%x: tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, %at: tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>> attributes {kernel.kind = "kernel"} {
    %r = graph.sample %x, %at {mode = "linear"} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x7x2xf32, #graph.tensor<["n", 7, 2]>>) -> tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
    func.return %r : tensor<?x3x7xf32, #graph.tensor<["n", 3, 7]>>
  }
  // CHECK-LABEL: func.func @tw_roi_max_pool(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf olt
  // CHECK: arith.cmpf oge
  // CHECK: arith.cmpf ogt
  // CHECK: memref.store
  func.func private @tw_roi_max_pool(%x: tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, %f: tensor<?x5xf32, #graph.tensor<["r", 5]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.roi_max_pool %x, %f {size = array<i64: 2, 4>} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x5xf32, #graph.tensor<["r", 5]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
    func.return %r : tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  }
  // CHECK-LABEL: func.func @tw_roi_align(
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}}
  // CHECK: memref.load
  // CHECK: scf.for
  // CHECK: memref.store
  func.func private @tw_roi_align(%x: tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, %rois: tensor<?x4xf32, #graph.tensor<["r", 4]>>, %b: tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>> attributes {kernel.kind = "kernel"} {
    %r = graph.roi_align %x, %rois, %b {size = array<i64: 2, 4>, sampling_ratio = 2 : i64, spatial_scale = 2.500000e-01 : f64} : (tensor<?x3x6x5xf32, #graph.tensor<["n", 3, 6, 5]>>, tensor<?x4xf32, #graph.tensor<["r", 4]>>, tensor<?xsi64, #graph.tensor<["r"]>>) -> tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
    func.return %r : tensor<?x3x2x4xf32, #graph.tensor<["r", 3, 2, 4]>>
  }
}
