// RUN: tilewright-opt %s -p recognize-activations | filecheck %s

// REWRITE U10: hard-swish with relu6, the sixth last.
// CHECK-LABEL: func.func @hard_swish
func.func @hard_swish(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %t = graph.constant dense<3.0> : tensor<f32>
  %s = graph.constant dense<0.166666672> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.hard_swish %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.add %x, %t : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.clip %a {min = 0.0, max = 6.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.mul %x, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.mul %c, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: hard-swish, the gate divided first.
// CHECK-LABEL: func.func @hard_swish_gate
func.func @hard_swish_gate(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %t = graph.constant dense<3.0> : tensor<f32>
  %s = graph.constant dense<0.166666672> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.hard_swish %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.add %t, %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.clip %a {min = 0.0, max = 6.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.mul %b, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.mul %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE U10: hard sigmoid.
// CHECK-LABEL: func.func @hard_sigmoid
func.func @hard_sigmoid(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %t = graph.constant dense<5.0e-1> : tensor<f32>
  %s = graph.constant dense<2.0e-1> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.hard_sigmoid %x {alpha = {{.*}}, beta = 5.000000e-01 : f64}
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.mul %x, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.add %a, %t : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.clip %b {min = 0.0, max = 1.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
