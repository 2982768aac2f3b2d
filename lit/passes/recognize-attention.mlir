// RUN: tilewright-opt %s -p recognize-attention | filecheck %s

// REWRITE U11: products and softmax, a factor before and after the first product.
// CHECK-LABEL: func.func @scaled
func.func @scaled(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>) -> tensor<2x4x5xf32> {
  // CHECK-NEXT: [[Y:%.*]] = graph.attention %q, %k, %v {scale = 2.500000e-01 : f64, softcap = 0.000000e+00 : f64}
  // CHECK-NEXT: func.return [[Y]]
  %c = graph.constant dense<0.25> : tensor<f32>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>) -> tensor<2x4x6xf32>
  %t = graph.mul %s, %c : (tensor<2x4x6xf32>, tensor<f32>) -> tensor<2x4x6xf32>
  %p = graph.softmax %t {axis = 2 : i64} : (tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x4x6xf32>, tensor<2x6x5xf32>) -> tensor<2x4x5xf32>
  func.return %y : tensor<2x4x5xf32>
}

// REWRITE U11: keys of shape [D, N], a softcap, a mask, zeros for what is no number.
// CHECK-LABEL: func.func @capped
func.func @capped(%q: tensor<4x8xf32>, %k: tensor<8x6xf32>, %v: tensor<6x5xf32>, %m: tensor<6xf32>) -> tensor<4x5xf32> {
  // CHECK:      [[K:%.*]] = graph.transpose %k {perm = array<i64: 1, 0>}
  // CHECK-NEXT: [[Y:%.*]] = graph.attention %q, [[K]], %v, %m {scale = 1.000000e+00 : f64, softcap = 2.000000e+00 : f64, empty = "zero_nan"}
  // CHECK-NEXT: func.return [[Y]]
  %z = graph.constant dense<0.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %a = graph.mul %s, %half : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %b = graph.tanh %a : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %c = graph.mul %b, %two : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %d = graph.add %c, %m : (tensor<4x6xf32>, tensor<6xf32>) -> tensor<4x6xf32>
  %p = graph.softmax %d {axis = 1 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %n = graph.is_nan %p : (tensor<4x6xf32>) -> tensor<4x6xi1>
  %w = graph.where %n, %z, %p : (tensor<4x6xi1>, tensor<f32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = graph.matmul %w, %v : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
  func.return %y : tensor<4x5xf32>
}

// REWRITE U11: a boolean mask chooses; its rows say where there is no key.
// CHECK-LABEL: func.func @chosen
func.func @chosen(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x5xf32>, %m: tensor<4x6xi1>) -> tensor<4x5xf32> {
  // CHECK:      [[M:%.*]] = graph.where %m, {{%.*}}, {{%.*}} : (tensor<4x6xi1>, tensor<f32>, tensor<f32>) -> tensor<4x6xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.attention %q, %k, %v, [[M]] {scale = 1.000000e+00 : f64, softcap = 0.000000e+00 : f64, replace = true}
  // CHECK-NEXT: func.return [[Y]]
  %low = graph.constant dense<-1.0e+09> : tensor<f32>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
  %d = graph.where %m, %s, %low : (tensor<4x6xi1>, tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %p = graph.softmax %d {axis = 1 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = graph.matmul %p, %v : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
  func.return %y : tensor<4x5xf32>
}
