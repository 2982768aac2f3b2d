// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

kernel.program "host" symbols [] inputs ["x"] : [tensor<4xf32>] outputs [] : [] {
  // CHECK: index 1 is not one of the program's 1
  %x = kernel.input {index = 1 : i64}
}

// -----

kernel.program "host" symbols [] inputs [] : [] outputs ["y"] : [tensor<4xf32>] {
  // CHECK: index -1 is not one of the program's 1
  %y = kernel.output {index = -1 : i64}
}

// -----

kernel.program "host" symbols [] inputs [] : [] outputs [] : [] {
  // CHECK: slot 0 and offset -64 are not both 0 or more
  %t = kernel.alloc {slot = 0 : i64, offset = -64 : i64, bytes = #graph.dim<64>}
}

// -----

// CHECK: 'kernel.weight' expects parent op 'kernel.program'
%w = kernel.weight <"w">

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // CHECK: packing changes the element type from f32 to f64
  %p = kernel.pack %x <"gemm_b", {nr = 8 : i64}> : tensor<4x8xf32> -> tensor<1x4x8xf64>
  func.return
}

// -----

func.func @f(%p: tensor<1x4x8xf32>) {
  // CHECK: packing changes the element type from f32 to f64
  %x = kernel.unpack %p <"gemm_b", {nr = 8 : i64}> : tensor<1x4x8xf32> -> tensor<4x8xf64>
  func.return
}
