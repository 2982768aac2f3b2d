// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// RUN: tilewright-opt %s --print-op-generic | tilewright-opt | filecheck %s

// CHECK: kernel.program "host" symbols [] inputs ["s", "x"] : [!graph.object<"tensor(string)">, tensor<4xf32>]
kernel.program "host" symbols [] inputs ["s", "x"] : [!graph.object<"tensor(string)">, tensor<4xf32>] outputs ["y"] : [!graph.object<"tensor(string)">] {
  // CHECK: kernel.take {index = 0 : i64, object = 0 : i64}
  kernel.take {index = 0 : i64, object = 0 : i64}
  %x = kernel.input {index = 1 : i64}
  // CHECK: kernel.host "Gather"(%x) {node = "{}", opsets = ["ai.onnx:16"], objects = array<i64: 0, -1>, types = [tensor<4xf32>], result_objects = array<i64: 1>}
  kernel.host "Gather"(%x) {node = "{}", opsets = ["ai.onnx:16"], objects = array<i64: 0, -1>, types = [tensor<4xf32>], result_objects = array<i64: 1>}
  // CHECK: kernel.move [1] to [2]
  kernel.move [1] to [2]
  // CHECK: kernel.unbox ["s0"] : tensor<?xsi64, #graph.tensor<["s0"]>> {object = 2 : i64, slot = 0 : i64}
  %t = kernel.unbox ["s0"] : tensor<?xsi64, #graph.tensor<["s0"]>> {object = 2 : i64, slot = 0 : i64}
  // CHECK: kernel.give {index = 0 : i64, object = 1 : i64}
  kernel.give {index = 0 : i64, object = 1 : i64}
}
