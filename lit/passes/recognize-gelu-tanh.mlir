// RUN: tilewright-opt %s -p recognize-gelu | filecheck %s

// REWRITE U10: GPT-2's form, with a power.
// CHECK-LABEL: func.func @tanh
func.func @tanh(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  %p = graph.constant dense<3.0> : tensor<f32>
  %k = graph.constant dense<0.0447149985> : tensor<f32>
  %s = graph.constant dense<0.797884583> : tensor<f32>
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.gelu %x {approximate = "tanh"}
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.mul %x, %h : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.pow %x, %p : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %c = graph.mul %b, %k : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %e = graph.add %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %f = graph.mul %e, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %g = graph.tanh %f : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %i = graph.add %g, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.mul %a, %i : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: the cubic term factored.
// CHECK-LABEL: func.func @tanh_2
func.func @tanh_2(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %h = graph.constant dense<5.0e-1> : tensor<f32>
  %k = graph.constant dense<0.0447149985> : tensor<f32>
  %s = graph.constant dense<0.797884583> : tensor<f32>
  %o = graph.constant dense<1.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.gelu %x {approximate = "tanh"}
  // CHECK-NEXT: func.return [[Y]]
  %b = graph.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.mul %b, %k : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %e = graph.add %c, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %a = graph.mul %x, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %f = graph.mul %a, %e : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = graph.tanh %f : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %i = graph.add %g, %o : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %j = graph.mul %x, %i : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %j, %h : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
