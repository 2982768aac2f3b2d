// RUN: tilewright-opt %s -p expand-math --split-input-file | filecheck %s

// Constants go to the top of the function; the formula stays where the op was. Vectors are splats.
// CHECK-LABEL: func.func @exp
func.func @exp(%x: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  // CHECK: arith.constant dense<1.44269502> : vector<16xf32>
  // CHECK: scf.for
  scf.for %i = %c0 to %n step %c16 {
    // CHECK-NEXT: %[[X:.*]] = vector.load
    %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    // CHECK-NEXT: %[[LOW:.*]] = arith.minimumf %[[X]]
    // CHECK-NEXT: %[[IN:.*]] = arith.maximumf %[[LOW]]
    // CHECK-NEXT: vector.fma %[[IN]]
    // CHECK-NOT: math.exp
    // CHECK: arith.shli
    %e = math.exp %v : vector<16xf32>
    // CHECK: vector.store
    vector.store %e, %x[%i] : memref<?xf32>, vector<16xf32>
  }
  func.return
}

// -----

// Scalars get the same ops; ops that targets have stay as they are.
// CHECK-LABEL: func.func @scalars
func.func @scalars(%x: f32, %y: f64) -> (f32, f64) {
  // CHECK: %[[A:.*]] = math.sqrt %x : f32
  // CHECK: arith.divf %{{.*}}, %[[A]] : f32
  %a = math.rsqrt %x : f32
  // CHECK: math.floor %y : f64
  %b = math.floor %y : f64
  func.return %a, %b : f32, f64
}

// -----

// A half is computed in f32; a function without an f32 formula in f64.
// CHECK-LABEL: func.func @wider
func.func @wider(%x: vector<8xf16>, %y: f32) -> (vector<8xf16>, f32) {
  // CHECK: arith.extf %x : vector<8xf16> to vector<8xf32>
  // CHECK: arith.truncf %{{.*}} : vector<8xf32> to vector<8xf16>
  %a = math.tanh %x : vector<8xf16>
  // CHECK: arith.extf %y : f32 to f64
  // CHECK: arith.truncf %{{.*}} : f64 to f32
  %b = math.asin %y : f32
  func.return %a, %b : vector<8xf16>, f32
}

// -----

// The exact reduction of huge arguments runs only when some lane needs it.
// CHECK-LABEL: func.func @huge
func.func @huge(%x: vector<4xf32>) -> vector<4xf32> {
  // CHECK: %[[FAR:.*]] = arith.cmpf ogt
  // CHECK: %[[ANY:.*]] = vector.reduction <or>, %[[FAR]] : vector<4xi1> into i1
  // CHECK: scf.if %[[ANY]] -> (vector<4xf64>, vector<4xi64>)
  %a = math.sin %x : vector<4xf32>
  func.return %a : vector<4xf32>
}
