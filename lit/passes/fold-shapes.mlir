// RUN: tilewright-opt %s -p fold-shapes --split-input-file | filecheck %s

// REWRITE F4: the shape arithmetic of a reshape in attention.
// CHECK-LABEL: func.func @heads
func.func @heads(%x: tensor<?x?x768xf32, #graph.tensor<["batch", "seq", 768]>>) -> (tensor<4xsi64>, tensor<si64>, tensor<1x2xsi64>, tensor<2xsi32>) {
  // CHECK-NEXT: %heads = graph.dims <["batch", "seq", 12, 64]> : tensor<4xsi64>
  // CHECK-NEXT: %total = graph.dims <["768*batch*seq"]> {scalar = true} : tensor<si64>
  // CHECK-NEXT: %turned = graph.dims <["seq", "batch"]> : tensor<2xsi64>
  // CHECK-NEXT: %matrix = graph.reshape %turned : (tensor<2xsi64>) -> tensor<1x2xsi64>
  // CHECK-NEXT: %0 = graph.dims <["floordiv(seq, 2)", "seq + 1"]> : tensor<2xsi64>
  // CHECK-NEXT: %ints = graph.cast %0 : (tensor<2xsi64>) -> tensor<2xsi32>
  // CHECK-NEXT: func.return %heads, %total, %matrix, %ints
  %shape = graph.shape %x : (tensor<?x?x768xf32, #graph.tensor<["batch", "seq", 768]>>) -> tensor<3xsi64>
  %lead = graph.slice %shape {starts = #graph.dims<[0]>, steps = #graph.dims<[1]>} : (tensor<3xsi64>) -> tensor<2xsi64>
  %inner = graph.constant dense<[12, 64]> : tensor<2xsi64>
  %heads = graph.concat %lead, %inner {axis = 0 : i64} : (tensor<2xsi64>, tensor<2xsi64>) -> tensor<4xsi64>
  %total = graph.reduce %shape {kind = "prod", axes = array<i64: 0>, keepdims = false} : (tensor<3xsi64>) -> tensor<si64>
  %turned = graph.slice %lead {starts = #graph.dims<[1]>, steps = #graph.dims<[-1]>} : (tensor<2xsi64>) -> tensor<2xsi64>
  %matrix = graph.reshape %turned : (tensor<2xsi64>) -> tensor<1x2xsi64>
  %one = graph.constant dense<1> : tensor<si64>
  %seq = graph.gather %shape, %one {axis = 0 : i64} : (tensor<3xsi64>, tensor<si64>) -> tensor<si64>
  %flat = graph.reshape %seq : (tensor<si64>) -> tensor<1xsi64>
  %small = graph.cast %flat : (tensor<1xsi64>) -> tensor<1xsi32>
  %two = graph.constant dense<2> : tensor<1xsi32>
  %half = graph.div %small, %two : (tensor<1xsi32>, tensor<1xsi32>) -> tensor<1xsi32>
  %unit = graph.constant dense<1> : tensor<1xsi32>
  %next = graph.add %small, %unit : (tensor<1xsi32>, tensor<1xsi32>) -> tensor<1xsi32>
  %ints = graph.concat %half, %next {axis = 0 : i64} : (tensor<1xsi32>, tensor<1xsi32>) -> tensor<2xsi32>
  func.return %heads, %total, %matrix, %ints : tensor<4xsi64>, tensor<si64>, tensor<1x2xsi64>, tensor<2xsi32>
}

// -----

// REWRITE F4: comparisons that dims decide, a shape without symbols.
// CHECK-LABEL: func.func @decided
func.func @decided(%x: tensor<?x8xf32, #graph.tensor<["n", 8]>>) -> (tensor<2xsi64>, tensor<si64>) {
  // CHECK-NEXT: %target = graph.dims <["n", 8]> : tensor<2xsi64>
  // CHECK-NEXT: %eight = graph.constant dense<8> : tensor<si64>
  // CHECK-NEXT: func.return %target, %eight
  %shape = graph.shape %x : (tensor<?x8xf32, #graph.tensor<["n", 8]>>) -> tensor<2xsi64>
  %minus = graph.constant dense<-1> : tensor<2xsi64>
  %free = graph.equal %shape, %minus : (tensor<2xsi64>, tensor<2xsi64>) -> tensor<2xi1>
  %target = graph.where %free, %minus, %shape : (tensor<2xi1>, tensor<2xsi64>, tensor<2xsi64>) -> tensor<2xsi64>
  %one = graph.constant dense<1> : tensor<si64>
  %eight = graph.gather %shape, %one {axis = 0 : i64} : (tensor<2xsi64>, tensor<si64>) -> tensor<si64>
  func.return %target, %eight : tensor<2xsi64>, tensor<si64>
}

// -----

// REWRITE F4 negative: a dim without a name; a comparison that depends on the symbol; a quotient that may be negative; floats.
// CHECK-LABEL: func.func @undecided
func.func @undecided(%x: tensor<?xf32>, %y: tensor<?xf32, #graph.tensor<["n"]>>) -> (tensor<1xsi64>, tensor<1xi1>, tensor<1xsi64>, tensor<1xf32>) {
  // CHECK: graph.shape %x
  %unknown = graph.shape %x : (tensor<?xf32>) -> tensor<1xsi64>
  %n = graph.shape %y : (tensor<?xf32, #graph.tensor<["n"]>>) -> tensor<1xsi64>
  %one = graph.constant dense<1> : tensor<1xsi64>
  // CHECK: graph.equal
  %single = graph.equal %n, %one : (tensor<1xsi64>, tensor<1xsi64>) -> tensor<1xi1>
  // CHECK: graph.dims <["n - 1"]>
  %less = graph.sub %n, %one : (tensor<1xsi64>, tensor<1xsi64>) -> tensor<1xsi64>
  %two = graph.constant dense<2> : tensor<1xsi64>
  // CHECK: graph.div
  %half = graph.div %less, %two : (tensor<1xsi64>, tensor<1xsi64>) -> tensor<1xsi64>
  // CHECK: graph.cast
  %float = graph.cast %n : (tensor<1xsi64>) -> tensor<1xf32>
  func.return %unknown, %single, %half, %float : tensor<1xsi64>, tensor<1xi1>, tensor<1xsi64>, tensor<1xf32>
}
