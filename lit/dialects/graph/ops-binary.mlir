// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

// Binary elementwise ops and the selection broadcast their operands.
// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<2x4xf32>, %x2: tensor<4xf32>, %i: tensor<2x4xsi32>, %i2: tensor<4xsi32>, %b: tensor<2x4xi1>, %b2: tensor<4xi1>) {
  // CHECK: %add = graph.add %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %add = graph.add %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %sub = graph.sub %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %sub = graph.sub %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %mul = graph.mul %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %mul = graph.mul %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %div = graph.div %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %div = graph.div %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %pow = graph.pow %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %pow = graph.pow %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %min = graph.min %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %min = graph.min %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %max = graph.max %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %max = graph.max %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %prelu = graph.prelu %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %prelu = graph.prelu %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %less = graph.less %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  %less = graph.less %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %less_equal = graph.less_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  %less_equal = graph.less_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %greater = graph.greater %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  %greater = graph.greater %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %greater_equal = graph.greater_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  %greater_equal = graph.greater_equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %equal = graph.equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  %equal = graph.equal %x, %x2 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %and = graph.and %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  %and = graph.and %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  // CHECK: %or = graph.or %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  %or = graph.or %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  // CHECK: %xor = graph.xor %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  %xor = graph.xor %b, %b2 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  // CHECK: %bitwise_and = graph.bitwise_and %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  %bitwise_and = graph.bitwise_and %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  // CHECK: %bitwise_or = graph.bitwise_or %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  %bitwise_or = graph.bitwise_or %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  // CHECK: %bitwise_xor = graph.bitwise_xor %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  %bitwise_xor = graph.bitwise_xor %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  // CHECK: %shift_left = graph.shift_left %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  %shift_left = graph.shift_left %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  // CHECK: %shift_right = graph.shift_right %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  %shift_right = graph.shift_right %i, %i2 : (tensor<2x4xsi32>, tensor<4xsi32>) -> tensor<2x4xsi32>
  // CHECK: %mod = graph.mod %x, %x2 {fmod = true} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %mod = graph.mod %x, %x2 {fmod = true} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: %where = graph.where %b, %x2, %x : (tensor<2x4xi1>, tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %where = graph.where %b, %x2, %x : (tensor<2x4xi1>, tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return
}
