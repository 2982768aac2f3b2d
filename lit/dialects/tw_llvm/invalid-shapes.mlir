// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: vector<4xf32> and vector<8xi1> differ in shape
func.func @fcmp(%v: vector<4xf32>) {
  %a = tw_llvm.fcmp "olt" %v, %v : (vector<4xf32>) -> vector<8xi1>
  func.return
}

// -----

// CHECK: vector<4xf32> and vector<8xi32> differ in shape
func.func @fptoui(%v: vector<4xf32>) {
  %a = tw_llvm.fptoui %v : vector<4xf32> to vector<8xi32>
  func.return
}

// -----

// CHECK: vector<4xi32> and vector<8xf32> differ in shape
func.func @uitofp(%v: vector<4xi32>) {
  %a = tw_llvm.uitofp %v : vector<4xi32> to vector<8xf32>
  func.return
}

// -----

// CHECK: vector<8xi1> and vector<4xf32> differ in shape
func.func @masked_load(%p: !llvm.ptr, %m: vector<8xi1>, %v: vector<4xf32>) {
  %a = tw_llvm.masked_load %p, %m, %v {alignment = 4 : i64} : !llvm.ptr, vector<8xi1>, vector<4xf32>
  func.return
}
