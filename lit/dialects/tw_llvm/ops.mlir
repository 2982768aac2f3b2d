// RUN: tilewright-opt %s | tilewright-opt | filecheck %s

func.func @vectors(%v: vector<4xf32>, %m: vector<4xi1>, %n: vector<4xi32>, %i: i64) {
  // CHECK: tw_llvm.extractelement %v[%i : i64] : vector<4xf32> to f32
  %a = tw_llvm.extractelement %v[%i : i64] : vector<4xf32> to f32
  // CHECK: tw_llvm.fptosi %v : vector<4xf32> to vector<4xi32>
  %b = tw_llvm.fptosi %v : vector<4xf32> to vector<4xi32>
  // CHECK: tw_llvm.fptoui %{{.*}} : f32 to i8
  %c = tw_llvm.fptoui %a : f32 to i8
  // CHECK: tw_llvm.uitofp %n : vector<4xi32> to vector<4xf64>
  %d = tw_llvm.uitofp %n : vector<4xi32> to vector<4xf64>
  // CHECK: tw_llvm.fcmp "olt" %v, %v : (vector<4xf32>) -> vector<4xi1>
  %e = tw_llvm.fcmp "olt" %v, %v : (vector<4xf32>) -> vector<4xi1>
  // CHECK: tw_llvm.fcmp "uno" %{{.*}}, %{{.*}} : (f32) -> i1
  %f = tw_llvm.fcmp "uno" %a, %a : (f32) -> i1
  // CHECK: tw_llvm.select %m, %v, %v : vector<4xi1>, vector<4xf32>
  %g = tw_llvm.select %m, %v, %v : vector<4xi1>, vector<4xf32>
  func.return
}

func.func @memory(%p: !llvm.ptr, %v: vector<4xf32>, %m: vector<4xi1>, %i: i32) {
  // CHECK: tw_llvm.masked_load %p, %m, %v {alignment = 4 : i64} : !llvm.ptr, vector<4xi1>, vector<4xf32>
  %a = tw_llvm.masked_load %p, %m, %v {alignment = 4 : i64} : !llvm.ptr, vector<4xi1>, vector<4xf32>
  // CHECK: tw_llvm.masked_store %{{.*}}, %p, %m {alignment = 4 : i64} : vector<4xf32>, !llvm.ptr, vector<4xi1>
  tw_llvm.masked_store %a, %p, %m {alignment = 4 : i64} : vector<4xf32>, !llvm.ptr, vector<4xi1>
  // CHECK: tw_llvm.atomicrmw "add" "acq_rel" %p, %i : !llvm.ptr, i32
  %b = tw_llvm.atomicrmw "add" "acq_rel" %p, %i : !llvm.ptr, i32
  // CHECK: tw_llvm.cmpxchg %p, %i, %i : !llvm.ptr, i32 to !llvm.struct<(i32, i1)>
  %c = tw_llvm.cmpxchg %p, %i, %i : !llvm.ptr, i32 to !llvm.struct<(i32, i1)>
  // CHECK: tw_llvm.fence "seq_cst"
  tw_llvm.fence "seq_cst"
  func.return
}
