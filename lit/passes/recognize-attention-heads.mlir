// RUN: tilewright-opt %s -p recognize-attention | filecheck %s

// REWRITE U11: a mask that is a triangle of zeros is a causal limit.
// CHECK-LABEL: func.func @causal
func.func @causal(%q: tensor<3x8xf32>, %k: tensor<4x8xf32>, %v: tensor<4x5xf32>) -> tensor<3x5xf32> {
  // CHECK:      [[Y:%.*]] = graph.attention %q, %k, %v {scale = 1.000000e+00 : f64, softcap = 0.000000e+00 : f64, causal = #graph.dim<1>}
  // CHECK-NEXT: func.return [[Y]]
  %m = graph.constant dense<[[0.0, 0.0, -3.0e+38, -3.0e+38], [0.0, 0.0, 0.0, -3.0e+38], [0.0, 0.0, 0.0, 0.0]]> : tensor<3x4xf32>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<3x8xf32>, tensor<4x8xf32>) -> tensor<3x4xf32>
  %d = graph.add %s, %m : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %p = graph.softmax %d {axis = 1 : i64} : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = graph.matmul %p, %v : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  func.return %y : tensor<3x5xf32>
}

// REWRITE U11: groups of heads share keys and values; the mask of merged heads is read by groups.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%q: tensor<2x3x4x8xf32>, %k: tensor<2x1x6x8xf32>, %v: tensor<2x1x6x5xf32>, %m: tensor<6x1x6xf32>) -> tensor<2x3x4x5xf32> {
  // CHECK-NEXT: [[M:%.*]] = graph.reshape %m : (tensor<6x1x6xf32>) -> tensor<2x3x1x6xf32>
  // CHECK-NEXT: [[Y:%.*]] = graph.attention %q, %k, %v, [[M]]
  // CHECK-NEXT: func.return [[Y]]
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<2x3x4x8xf32>, tensor<2x1x6x8xf32>) -> tensor<2x3x4x6xf32>
  %r = graph.reshape %s : (tensor<2x3x4x6xf32>) -> tensor<6x4x6xf32>
  %d = graph.add %r, %m : (tensor<6x4x6xf32>, tensor<6x1x6xf32>) -> tensor<6x4x6xf32>
  %p = graph.softmax %d {axis = 2 : i64} : (tensor<6x4x6xf32>) -> tensor<6x4x6xf32>
  %w = graph.reshape %p : (tensor<6x4x6xf32>) -> tensor<2x3x4x6xf32>
  %y = graph.matmul %w, %v : (tensor<2x3x4x6xf32>, tensor<2x1x6x5xf32>) -> tensor<2x3x4x5xf32>
  func.return %y : tensor<2x3x4x5xf32>
}

// REWRITE U11: heads that were merged for the products are told apart again for the mask.
// CHECK-LABEL: func.func @merged
func.func @merged(%q: tensor<6x4x8xf32>, %k: tensor<6x6x8xf32>, %v: tensor<6x6x5xf32>, %m: tensor<2x1x1x6xf32>) -> tensor<6x4x5xf32> {
  // CHECK:      [[Y:%.*]] = graph.attention {{%.*}}, {{%.*}}, {{%.*}}, %m
  // CHECK-SAME: (tensor<2x3x4x8xf32>, tensor<2x3x6x8xf32>, tensor<2x3x6x5xf32>, tensor<2x1x1x6xf32>) -> tensor<2x3x4x5xf32>
  // CHECK-NEXT: [[R:%.*]] = graph.reshape [[Y]] : (tensor<2x3x4x5xf32>) -> tensor<6x4x5xf32>
  // CHECK-NEXT: func.return [[R]]
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<6x4x8xf32>, tensor<6x6x8xf32>) -> tensor<6x4x6xf32>
  %r = graph.reshape %s : (tensor<6x4x6xf32>) -> tensor<2x3x4x6xf32>
  %d = graph.add %r, %m : (tensor<2x3x4x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x3x4x6xf32>
  %p = graph.softmax %d {axis = 3 : i64} : (tensor<2x3x4x6xf32>) -> tensor<2x3x4x6xf32>
  %w = graph.reshape %p : (tensor<2x3x4x6xf32>) -> tensor<6x4x6xf32>
  %y = graph.matmul %w, %v : (tensor<6x4x6xf32>, tensor<6x6x5xf32>) -> tensor<6x4x5xf32>
  func.return %y : tensor<6x4x5xf32>
}

// REWRITE U11: positions that are compared: the query's is behind the past, however long that is.
// CHECK-LABEL: func.func @open
func.func @open(%q: tensor<?x8xf32, #graph.tensor<["m", 8]>>, %past: tensor<?x8xf32, #graph.tensor<["p", 8]>>) -> tensor<?x8xf32, #graph.tensor<["m", 8]>> {
  // CHECK:      [[Y:%.*]] = graph.attention %q, %k, %k {scale = 1.000000e+00 : f64, softcap = 0.000000e+00 : f64, causal = #graph.dim<"p">}
  // CHECK-NEXT: func.return [[Y]]
  %k = graph.concat %past, %q {axis = 0 : i64} : (tensor<?x8xf32, #graph.tensor<["p", 8]>>, tensor<?x8xf32, #graph.tensor<["m", 8]>>) -> tensor<?x8xf32, #graph.tensor<["p + m", 8]>>
  %one = graph.constant dense<1> : tensor<si64>
  %none = graph.constant dense<0> : tensor<si64>
  %low = graph.constant dense<-3.0e+38> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %p = graph.dims <["p"]> {scalar = true} : tensor<si64>
  %n = graph.dims <["p + m"]> {scalar = true} : tensor<si64>
  %j = graph.range %none, %n, %one : (tensor<si64>, tensor<si64>, tensor<si64>) -> tensor<?xsi64, #graph.tensor<["p + m"]>>
  %r = graph.range %p, %n, %one : (tensor<si64>, tensor<si64>, tensor<si64>) -> tensor<?xsi64, #graph.tensor<["m"]>>
  %i = graph.reshape %r : (tensor<?xsi64, #graph.tensor<["m"]>>) -> tensor<?x1xsi64, #graph.tensor<["m", 1]>>
  %h = graph.greater %j, %i : (tensor<?xsi64, #graph.tensor<["p + m"]>>, tensor<?x1xsi64, #graph.tensor<["m", 1]>>) -> tensor<?x?xi1, #graph.tensor<["m", "p + m"]>>
  %b = graph.where %h, %low, %zero : (tensor<?x?xi1, #graph.tensor<["m", "p + m"]>>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>
  %s = graph.matmul %q, %k {transpose_rhs = true} : (tensor<?x8xf32, #graph.tensor<["m", 8]>>, tensor<?x8xf32, #graph.tensor<["p + m", 8]>>) -> tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>
  %d = graph.add %s, %b : (tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>, tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>) -> tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>
  %w = graph.softmax %d {axis = 1 : i64} : (tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>) -> tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>
  %y = graph.matmul %w, %k : (tensor<?x?xf32, #graph.tensor<["m", "p + m"]>>, tensor<?x8xf32, #graph.tensor<["p + m", 8]>>) -> tensor<?x8xf32, #graph.tensor<["m", 8]>>
  func.return %y : tensor<?x8xf32, #graph.tensor<["m", 8]>>
}
