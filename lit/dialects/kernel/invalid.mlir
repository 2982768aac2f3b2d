// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: kernel 'tw_k9' is not in this module
  %y = kernel.launch @tw_k9(%x) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

kernel.program "host" symbols [] inputs [] : [] outputs [] : [] {
  // CHECK: kernel 'tw_k9' is not in this module
  kernel.invoke @tw_k9() sizes <[]> grid <1> scratch <0>
}

// -----

// CHECK: names and types of inputs or outputs differ in number
kernel.program "host" symbols [] inputs ["x"] : [] outputs [] : [] {
  %x = kernel.input {index = 0 : i64}
}

// -----

// CHECK: parameter 'mr' of 'contraction' is not an integer
func.func private @k() attributes {kernel.schedule = #kernel.schedule<"contraction", {mr = "x"}>} {
  func.return
}
