// RUN: tilewright-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: an element of 4 bytes can't be bound, only of 1 or 8
kernel.program "p" symbols [] inputs ["x"] : [tensor<1xsi32>] outputs [] : [] {
  %x = kernel.input {index = 0 : i64}
  kernel.bind %x symbols ["n"] {width = 4 : i64}
}
// -----
// CHECK: slot -1 with elements of 4 bytes
kernel.program "p" symbols [] inputs [] : [] outputs [] : [] {
  %y = kernel.reserve {slot = -1 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64}
}
// -----
// CHECK: a region of kernel.if ends in a kernel.yield of 1 buffers
kernel.program "p" symbols [] inputs ["x"] : [tensor<4xf32>] outputs [] : [] {
  %x = kernel.input {index = 0 : i64}
  %y = kernel.if <1> {
    kernel.yield %x
  } else {
    kernel.yield %x, %x
  } : !kernel.buffer
}
// -----
// CHECK: a loop body takes 3 buffers, got 2
kernel.program "p" symbols [] inputs ["x"] : [tensor<4xf32>] outputs [] : [] {
  %x = kernel.input {index = 0 : i64}
  %y = kernel.loop "i" while "go" from <1> init (%x) slots <[0]> {
  ^bb0(%i: !kernel.buffer, %go: !kernel.buffer):
    kernel.yield %x
  } : !kernel.buffer
}
// -----
// CHECK: 0 slots and 1 results for 1 carried buffers
kernel.program "p" symbols [] inputs ["x"] : [tensor<4xf32>] outputs [] : [] {
  %x = kernel.input {index = 0 : i64}
  %y = kernel.loop "i" while "go" from <1> init (%x) slots <[]> {
  ^bb0(%i: !kernel.buffer, %go: !kernel.buffer, %v: !kernel.buffer):
    kernel.yield %v
  } : !kernel.buffer
}
