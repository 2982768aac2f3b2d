// RUN: tilewright-opt %s -p sink-movement | filecheck %s

// REWRITE M2: a reduction of kept dims.
// CHECK-LABEL: func.func @reduction
func.func @reduction(%x: tensor<6x4xf32>) -> tensor<2x3x1xf32> {
  // CHECK-NEXT: [[S:%.*]] = graph.reduce %x {kind = "sum", axes = array<i64: 1>} : {{.*}} -> tensor<6x1xf32>
  // CHECK-NEXT: graph.reshape [[S]] : {{.*}} -> tensor<2x3x1xf32>
  %r = graph.reshape %x : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %z = graph.reduce %r {kind = "sum", axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  func.return %z : tensor<2x3x1xf32>
}

// REWRITE M2: what is repeated is computed once.
// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
  %s = graph.constant dense<2.0> : tensor<f32>
  // CHECK: [[M:%.*]] = graph.mul %x, %s : {{.*}} -> tensor<2x1x4xf32>
  // CHECK-NEXT: graph.broadcast [[M]]
  %b = graph.broadcast %x : (tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
  %z = graph.mul %b, %s : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  func.return %z : tensor<2x3x4xf32>
}

// REWRITE M2: reshapes of batch dims sink behind a product.
// CHECK-LABEL: func.func @batches
func.func @batches(%a: tensor<2x3x4x8xf32>, %b: tensor<2x3x8x5xf32>) -> tensor<6x4x5xf32> {
  // CHECK-NEXT: [[M:%.*]] = graph.matmul %a, %b : {{.*}} -> tensor<2x3x4x5xf32>
  // CHECK-NEXT: graph.reshape [[M]]
  %r = graph.reshape %a : (tensor<2x3x4x8xf32>) -> tensor<6x4x8xf32>
  %s = graph.reshape %b : (tensor<2x3x8x5xf32>) -> tensor<6x8x5xf32>
  %z = graph.matmul %r, %s : (tensor<6x4x8xf32>, tensor<6x8x5xf32>) -> tensor<6x4x5xf32>
  func.return %z : tensor<6x4x5xf32>
}

// REWRITE M2: a linear layer on merged rows, then a residual of one more dim.
// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<6x8xf32>, %w: tensor<8x8xf32>, %y: tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32> {
  // CHECK-NEXT: [[M:%.*]] = graph.matmul %x, %w : {{.*}} -> tensor<6x8xf32>
  // CHECK-NEXT: [[R:%.*]] = graph.reshape [[M]] : {{.*}} -> tensor<2x3x8xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.reshape %y : {{.*}} -> tensor<2x3x8xf32>
  // CHECK-NEXT: [[Z:%.*]] = graph.add [[R]], [[Y]]
  %r = graph.reshape %x : (tensor<6x8xf32>) -> tensor<2x3x8xf32>
  %m = graph.matmul %r, %w : (tensor<2x3x8xf32>, tensor<8x8xf32>) -> tensor<2x3x8xf32>
  %z = graph.add %m, %y : (tensor<2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  func.return %z : tensor<1x2x3x8xf32>
}

// REWRITE M2 negative: the rows and columns change; the batch dims differ.
// CHECK-LABEL: func.func @kept
func.func @kept(%a: tensor<2x4x8xf32>, %b: tensor<8x5xf32>, %c: tensor<4x8xf32>) -> tensor<2x8x4xf32> {
  // CHECK-NEXT: [[R:%.*]] = graph.reshape %a
  // CHECK-NEXT: [[S:%.*]] = graph.reshape %c
  // CHECK-NEXT: graph.matmul [[R]], [[S]]
  %r = graph.reshape %a : (tensor<2x4x8xf32>) -> tensor<2x8x4xf32>
  %s = graph.reshape %c : (tensor<4x8xf32>) -> tensor<2x4x4xf32>
  %z = graph.matmul %r, %s : (tensor<2x8x4xf32>, tensor<2x4x4xf32>) -> tensor<2x8x4xf32>
  func.return %z : tensor<2x8x4xf32>
}
