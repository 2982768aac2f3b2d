// RUN: tilewright-opt %s -p recognize-integer-contractions | filecheck %s

// One scale for x, one for each output channel of the weight: both leave the sum.
// CHECK-LABEL: func.func @convolution
func.func @convolution(%q: tensor<1x3x8x8xsi8>, %s: tensor<f32>, %ws: tensor<4x1x1x1xf32>, %b: tensor<4xf32>) -> tensor<1x4x6x6xf32> {
  // CHECK:      [[Y:%.*]] = graph.conv %q, %w {{.*}} : (tensor<1x3x8x8xsi8>, tensor<4x3x3x3xsi8>) -> tensor<1x4x6x6xsi32>
  // CHECK-NEXT: [[P:%.*]] = graph.reshape %ws : {{.*}} -> tensor<4x1x1xf32>
  // CHECK-NEXT: [[S:%.*]] = graph.mul %s, [[P]]
  // CHECK-NEXT: [[F:%.*]] = graph.cast [[Y]] : {{.*}} -> tensor<1x4x6x6xf32>
  // CHECK-NEXT: [[M:%.*]] = graph.mul [[F]], [[S]]
  // CHECK-NEXT: [[B:%.*]] = graph.reshape %b : {{.*}} -> tensor<4x1x1xf32>
  // CHECK-NEXT: graph.add [[M]], [[B]]
  %w = graph.constant #graph.weight<"w"> : tensor<4x3x3x3xsi8>
  %f = graph.cast %q : (tensor<1x3x8x8xsi8>) -> tensor<1x3x8x8xf32>
  %x = graph.mul %f, %s : (tensor<1x3x8x8xf32>, tensor<f32>) -> tensor<1x3x8x8xf32>
  %g = graph.cast %w : (tensor<4x3x3x3xsi8>) -> tensor<4x3x3x3xf32>
  %v = graph.mul %g, %ws : (tensor<4x3x3x3xf32>, tensor<4x1x1x1xf32>) -> tensor<4x3x3x3xf32>
  %y = graph.conv %x, %v, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x6x6xf32>
  func.return %y : tensor<1x4x6x6xf32>
}

// A zero point of -128 is a change of sign; another one is made up for by sums over the weight.
// CHECK-LABEL: func.func @products
func.func @products(%q: tensor<2x8xsi8>, %s: tensor<f32>, %p: tensor<si8>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK:      [[U:%.*]] = graph.bitwise_xor %q, {{.*}} : (tensor<2x8xsi8>, tensor<si8>) -> tensor<2x8xsi8>
  // CHECK-NEXT: [[V:%.*]] = graph.bitcast [[U]] : (tensor<2x8xsi8>) -> tensor<2x8xui8>
  // CHECK-NEXT: graph.matmul [[V]], %w : (tensor<2x8xui8>, tensor<8x4xsi8>) -> tensor<2x4xsi32>
  // CHECK-NOT:  graph.sub
  // CHECK:      [[T:%.*]] = graph.matmul %q, %w : (tensor<2x8xsi8>, tensor<8x4xsi8>) -> tensor<2x4xsi32>
  // CHECK:      [[Z:%.*]] = graph.cast %p : (tensor<si8>) -> tensor<si32>
  // CHECK:      [[R:%.*]] = graph.reduce %{{.*}} {kind = "sum"
  // CHECK:      [[C:%.*]] = graph.mul [[Z]], [[R]]
  // CHECK:      graph.sub [[T]], [[C]]
  %w = graph.constant #graph.weight<"matrix"> : tensor<8x4xsi8>
  %low = graph.constant dense<-128> : tensor<si8>
  %f = graph.cast %q : (tensor<2x8xsi8>) -> tensor<2x8xf32>
  %g = graph.cast %w : (tensor<8x4xsi8>) -> tensor<8x4xf32>
  %v = graph.mul %g, %s : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %l = graph.cast %low : (tensor<si8>) -> tensor<f32>
  %a = graph.sub %f, %l : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %x = graph.mul %a, %s : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %y = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %z = graph.cast %p : (tensor<si8>) -> tensor<f32>
  %d = graph.sub %f, %z : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %e = graph.mul %d, %s : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %t = graph.matmul %e, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  func.return %y, %t : tensor<2x4xf32>, tensor<2x4xf32>
}

// Scales along the depth don't leave the sum, and a weight that is no constant has no packed form.
// CHECK-LABEL: func.func @kept
func.func @kept(%q: tensor<2x8xsi8>, %s: tensor<8xf32>, %one: tensor<f32>, %r: tensor<8x4xsi8>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK-COUNT-2: graph.matmul {{.*}} : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %w = graph.constant #graph.weight<"matrix"> : tensor<8x4xsi8>
  %f = graph.cast %q : (tensor<2x8xsi8>) -> tensor<2x8xf32>
  %x = graph.mul %f, %s : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %g = graph.cast %w : (tensor<8x4xsi8>) -> tensor<8x4xf32>
  %v = graph.mul %g, %one : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %y = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %h = graph.cast %r : (tensor<8x4xsi8>) -> tensor<8x4xf32>
  %u = graph.mul %h, %one : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %x2 = graph.mul %f, %one : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %z = graph.matmul %x2, %u : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  func.return %y, %z : tensor<2x4xf32>, tensor<2x4xf32>
}
