// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

func.func @f(%v: vector<4xf32>, %i: i64) {
  // CHECK: an element of vector<4xf32> is no f64
  %a = tw_llvm.extractelement %v[%i : i64] : vector<4xf32> to f64
  func.return
}

// -----

func.func @f(%v: vector<4xf32>) {
  // CHECK: vector<4xf32> and vector<8xi32> differ in shape
  %a = tw_llvm.fptosi %v : vector<4xf32> to vector<8xi32>
  func.return
}

// -----

func.func @f(%v: vector<4xf32>, %m: vector<8xi1>) {
  // CHECK: vector<8xi1> and vector<4xf32> differ in shape
  %a = tw_llvm.select %m, %v, %v : vector<8xi1>, vector<4xf32>
  func.return
}

// -----

func.func @f(%p: !llvm.ptr, %v: vector<4xf32>, %m: vector<8xi1>) {
  // CHECK: vector<8xi1> and vector<4xf32> differ in shape
  tw_llvm.masked_store %v, %p, %m {alignment = 4 : i64} : vector<4xf32>, !llvm.ptr, vector<8xi1>
  func.return
}

// -----

func.func @f(%p: !llvm.ptr, %i: i32) {
  // CHECK: 'nand' is none of xchg, add
  %a = tw_llvm.atomicrmw "nand" "acq_rel" %p, %i : !llvm.ptr, i32
  func.return
}

// -----

func.func @f() {
  // CHECK: 'relaxed' is none of monotonic, acquire
  tw_llvm.fence "relaxed"
  func.return
}

// -----

func.func @f(%p: !llvm.ptr, %i: i32) {
  // CHECK: the result is a struct of i32 and i1
  %a = tw_llvm.cmpxchg %p, %i, %i : !llvm.ptr, i32 to !llvm.struct<(i64, i1)>
  func.return
}
