// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: 0 buffers with 0 types for objects (0, -1)
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  kernel.host "Gather"() {node = "{}", opsets = ["ai.onnx:16"], objects = array<i64: 0, -1>, types = [], result_objects = array<i64: 1>}
}
// -----
// CHECK: 1 sources for 2 targets
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  kernel.move [1] to [2, 3]
}
// -----
// CHECK: object -1 and slot 0 are not both 0 or more
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  %t = kernel.unbox ["s0"] : tensor<?xsi64, #graph.tensor<["s0"]>> {object = -1 : i64, slot = 0 : i64}
}
// -----
// CHECK: index -1 and object 0 are not both 0 or more
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  kernel.take {index = -1 : i64, object = 0 : i64}
}
// -----
// CHECK: index 0 and object -1 are not both 0 or more
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  kernel.give {index = 0 : i64, object = -1 : i64}
}
