// RUN: tilewright-opt %s -p simplify-elementwise | filecheck %s

// REWRITE S2: prelu with one slope.
// CHECK-LABEL: func.func @prelu
func.func @prelu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = graph.constant dense<2.5e-1> : tensor<4xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.leaky_relu %x {alpha = 2.500000e-01 : f64}
  // CHECK-NEXT: func.return [[Y]]
  %y = graph.prelu %x, %a : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2 negative: one slope a channel.
// CHECK-LABEL: func.func @prelu_channels
func.func @prelu_channels(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = graph.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  // CHECK: graph.prelu
  %y = graph.prelu %x, %a : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2: clip to [0, infinity] in three spellings.
// CHECK-LABEL: func.func @relu
func.func @relu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %z = graph.constant dense<0.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.relu %x
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.max %z, %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.clip %a {min = 0.0, max = 3.4028234663852886e+38} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.relu %b : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2: consecutive bounds are one clip.
// CHECK-LABEL: func.func @clips
func.func @clips(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %l = graph.constant dense<-1.0> : tensor<f32>
  %h = graph.constant dense<6.0> : tensor<f32>
  // CHECK-NEXT: [[Y:%.*]] = graph.clip %x {min = 0.000000e+00 : f64, max = 6.000000e+00 : f64}
  // CHECK-NEXT: func.return [[Y]]
  %a = graph.max %x, %l : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %b = graph.min %a, %h : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %y = graph.relu %b : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// REWRITE S2 negative: bounds that cross stay in their order.
// CHECK-LABEL: func.func @crossed
func.func @crossed(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-COUNT-2: graph.clip
  %a = graph.clip %x {min = 2.0, max = 1.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = graph.clip %a {min = 0.0, max = 3.0} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
