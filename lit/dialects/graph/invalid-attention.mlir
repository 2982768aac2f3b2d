// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: q and k differ in their last dim: 8 and 5
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %v, %v {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x5xf32>, tensor<2x6x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: k and v differ in keys: 6 and 7
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %k, %n {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>, tensor<2x7x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: k has the element type of q
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %i, %v {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x8xsi64>, tensor<2x6x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: mask and scores differ: 5 and 6
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %k, %v, %m {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>, tensor<2x6x5xf32>, tensor<4x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: result dim 2 is 8, expected 5
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %k, %v {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>, tensor<2x6x5xf32>) -> tensor<2x4x8xf32>
  func.return
}
// -----
// CHECK: softcap is not negative
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %k, %v {scale = 1.0 : f64, softcap = -1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>, tensor<2x6x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: empty is one of nan, zero, zero_nan; got 'one'
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %q, %k, %v {scale = 1.0 : f64, softcap = 0.0 : f64, empty = "one"} : (tensor<2x4x8xf32>, tensor<2x6x8xf32>, tensor<2x6x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
// -----
// CHECK: q has float elements, got si64
func.func @f(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>, %n: tensor<2x7x5xf32>, %m: tensor<4x5xf32>, %i: tensor<2x6x8xsi64>) {
  %r = graph.attention %i, %i, %v {scale = 1.0 : f64, softcap = 0.0 : f64} : (tensor<2x6x8xsi64>, tensor<2x6x8xsi64>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  func.return
}
