// RUN: tilewright-opt %s -p recognize-activations | filecheck %s

// REWRITE U10: softsign.
// CHECK-LABEL: func.func @softsign
func.func @softsign(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.softsign %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.abs %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.add %a, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.div %x, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: leaky relu as a choice and as a maximum.
// CHECK-LABEL: func.func @leaky_relu
func.func @leaky_relu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %z = graph.constant dense<0.0> : tensor<f32>
  %s = graph.constant dense<2.5e-1> : tensor<f32>
  // CHECK-NEXT: [[A:%.*]] = graph.leaky_relu %x {alpha = 2.500000e-01 : f64}
  // CHECK-NEXT: [[B:%.*]] = graph.leaky_relu [[A]] {alpha = 2.500000e-01 : f64}
  // CHECK-NEXT: func.return [[B]]
  %a = graph.mul %x, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.greater %x, %z : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi1>
  %c = graph.where %b, %x, %a : (tensor<2x4xi1>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = graph.mul %c, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.max %e, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: prelu.
// CHECK-LABEL: func.func @prelu
func.func @prelu(%x: tensor<2x4xf32>, %p: tensor<4xf32>) -> tensor<2x4xf32> {
  %z = graph.constant dense<0.0> : tensor<f32>
  // CHECK-NEXT: graph.prelu %x, %p
  // CHECK-NEXT: func.return
  %a = graph.mul %p, %x : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.greater_equal %x, %z : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi1>
  %y = graph.where %b, %x, %a : (tensor<2x4xi1>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10 negative: the sigmoid of another value; a gate used again; a clip to 5; a slope above 1 in a maximum.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<2x4xf32>, %p: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %t = graph.constant dense<3.0> : tensor<f32>
  %s = graph.constant dense<0.166666672> : tensor<f32>
  %two = graph.constant dense<2.0> : tensor<f32>
  // CHECK-NOT: graph.silu
  // CHECK-NOT: graph.hard_swish
  // CHECK-NOT: graph.leaky_relu
  %a = graph.sigmoid %p : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.mul %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.sigmoid %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = graph.mul %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %f = graph.add %x, %t : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %g = graph.clip %f {min = 0.0, max = 5.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = graph.mul %x, %g : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %i = graph.mul %h, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %j = graph.mul %x, %two : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %k = graph.max %x, %j : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %b, %e, %c, %i, %k : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
