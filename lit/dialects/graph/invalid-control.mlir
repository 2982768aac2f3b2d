// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// Conditions, yields and the values that go round.
// CHECK: condition is a scalar of i1, got tensor<4xf32>
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r = graph.if %x {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %x : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: branch: 0 values, expected 1
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield
  } : (tensor<i1>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: branch: value 0 is tensor<si64>, which does not fit tensor<4xf32>
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r = graph.if %c {
    graph.yield %x : tensor<4xf32>
  } else {
    graph.yield %n : tensor<si64>
  } : (tensor<i1>) -> tensor<4xf32>
  func.return
}
// -----
// CHECK: trip_count is a scalar of si64, got tensor<4xf32>
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r = graph.loop trip %x : tensor<4xf32> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %g: tensor<i1>, %v: tensor<4xf32>):
    graph.yield %g, %v : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  func.return
}
// -----
// CHECK: a loop body takes 3 arguments and yields 2 values
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r = graph.loop trip %n : tensor<si64> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<si64>, %g: tensor<i1>, %v: tensor<4xf32>):
    graph.yield %v : tensor<4xf32>
  } -> tensor<4xf32>
  func.return
}
// -----
// CHECK: input_axes has 2 values, expected 1
func.func @f(%c: tensor<i1>, %x: tensor<4xf32>, %n: tensor<si64>) {
  %r, %s = graph.scan init(%n : tensor<si64>) over(%x : tensor<4xf32>) {
  ^bb0(%a: tensor<si64>, %e: tensor<f32>):
    graph.yield %a, %e : tensor<si64>, tensor<f32>
  } {input_axes = array<i64: 0, 0>, input_directions = array<i64: 0>, output_axes = array<i64: 0>, output_directions = array<i64: 0>} -> tensor<si64>, tensor<4xf32>
  func.return
}
