// RUN: tilewright-opt %s -p widen-half-contractions | filecheck %s

// CHECK-LABEL: func.func @product
func.func @product(%x: tensor<2x4xf16>, %y: tensor<4x8xf16>) -> tensor<2x8xf16> {
  // CHECK-NEXT: [[X:%.*]] = graph.cast %x : (tensor<2x4xf16>) -> tensor<2x4xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.cast %y : (tensor<4x8xf16>) -> tensor<4x8xf32>
  // CHECK-NEXT: [[P:%.*]] = graph.matmul [[X]], [[Y]] : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  // CHECK-NEXT: [[R:%.*]] = graph.cast [[P]] : (tensor<2x8xf32>) -> tensor<2x8xf16>
  // CHECK-NEXT: func.return [[R]]
  %p = graph.matmul %x, %y : (tensor<2x4xf16>, tensor<4x8xf16>) -> tensor<2x8xf16>
  func.return %p : tensor<2x8xf16>
}

// CHECK-LABEL: func.func @convolution
func.func @convolution(%x: tensor<1x3x8x8xbf16>, %w: tensor<4x3x3x3xbf16>, %b: tensor<4xbf16>) -> tensor<1x4x6x6xbf16> {
  // CHECK-COUNT-3: graph.cast {{.*}}bf16>) -> tensor<{{.*}}f32>
  // CHECK-NEXT: [[C:%.*]] = graph.conv {{.*}} {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
  // CHECK-NEXT: graph.cast [[C]] : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xbf16>
  %c = graph.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xbf16>, tensor<4x3x3x3xbf16>, tensor<4xbf16>) -> tensor<1x4x6x6xbf16>
  func.return %c : tensor<1x4x6x6xbf16>
}

// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<1x3x8x8xf16>) -> tensor<1x3x4x4xf16> {
  // CHECK-NEXT: [[X:%.*]] = graph.cast %x : (tensor<1x3x8x8xf16>) -> tensor<1x3x8x8xf32>
  // CHECK-NEXT: [[P:%.*]] = graph.pool [[X]] {{.*}} -> tensor<1x3x4x4xf32>
  // CHECK-NEXT: graph.cast [[P]] : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf16>
  %p = graph.pool %x {kind = "max", kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>) -> tensor<1x3x4x4xf16>
  func.return %p : tensor<1x3x4x4xf16>
}

// Other types stay.
// CHECK-LABEL: func.func @wide
func.func @wide(%x: tensor<2x4xf64>, %y: tensor<4x8xf64>) -> tensor<2x8xf64> {
  // CHECK-NOT: graph.cast
  %p = graph.matmul %x, %y : (tensor<2x4xf64>, tensor<4x8xf64>) -> tensor<2x8xf64>
  func.return %p : tensor<2x8xf64>
}
