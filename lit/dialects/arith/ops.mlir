// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// Lane-wise comparisons, selects and casts, which xDSL's own arith has on scalars only.

// CHECK-LABEL: func.func @lanes
func.func @lanes(%x: vector<4xf32>, %q: vector<4xi64>) -> vector<4xf32> {
  // CHECK: arith.cmpf ogt, %x, %x : vector<4xf32>
  %a = arith.cmpf ogt, %x, %x : vector<4xf32>
  // CHECK: arith.cmpi slt, %q, %q : vector<4xi64>
  %b = arith.cmpi slt, %q, %q : vector<4xi64>
  // CHECK: arith.select %a, %x, %x : vector<4xi1>, vector<4xf32>
  %c = arith.select %a, %x, %x : vector<4xi1>, vector<4xf32>
  // CHECK: arith.fptosi %x : vector<4xf32> to vector<4xi32>
  %d = arith.fptosi %x : vector<4xf32> to vector<4xi32>
  // CHECK: arith.extui %a : vector<4xi1> to vector<4xi8>
  %e = arith.extui %a : vector<4xi1> to vector<4xi8>
  // CHECK: arith.trunci %q : vector<4xi64> to vector<4xi32>
  %f = arith.trunci %q : vector<4xi64> to vector<4xi32>
  // CHECK: arith.sitofp %f : vector<4xi32> to vector<4xf32>
  %g = arith.sitofp %f : vector<4xi32> to vector<4xf32>
  func.return %c : vector<4xf32>
}

// CHECK-LABEL: func.func @scalars
func.func @scalars(%x: f32, %v: vector<4xf32>) -> f32 {
  // CHECK: %[[LESS:.*]] = arith.cmpf olt, %x, %x : f32
  %a = arith.cmpf olt, %x, %x : f32
  // CHECK: arith.select %[[LESS]], %x, %x : f32
  %b = arith.select %a, %x, %x : f32
  // CHECK: arith.select %[[LESS]], %v, %v : vector<4xf32>
  %c = arith.select %a, %v, %v : vector<4xf32>
  func.return %b : f32
}
