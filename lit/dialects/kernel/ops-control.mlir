// RUN: tilewright-opt %s | tilewright-opt | filecheck %s
// RUN: tilewright-opt %s --print-op-generic | tilewright-opt | filecheck %s

// What only a run can tell: sizes, memory, branches, loops.
// CHECK: kernel.program "host"
kernel.program "host" symbols [] inputs ["x", "c"] : [tensor<4xf32>, tensor<i1>] outputs ["y"] : [tensor<?xf32, #graph.tensor<["s0"]>>] {
  %x = kernel.input {index = 0 : i64}
  %c = kernel.input {index = 1 : i64}
  // CHECK: kernel.bind %{{.*}} symbols ["at.condition1"] {width = 1 : i64}
  kernel.bind %c symbols ["at.condition1"] {width = 1 : i64}
  // CHECK: %{{.*}} = kernel.if <"at.condition1"> {
  // CHECK-NEXT: kernel.yield %{{.*}}
  // CHECK-NEXT: } else {
  // CHECK: } : !kernel.buffer
  %n = kernel.if <"at.condition1"> {
    kernel.yield %x
  } else {
    kernel.yield %c
  } : !kernel.buffer
  // CHECK: kernel.bind %{{.*}} symbols ["s0"] {width = 8 : i64}
  kernel.bind %n symbols ["s0"] {width = 8 : i64}
  // CHECK: kernel.reserve {slot = 0 : i64, dims = #graph.dims<["s0"]>, itemsize = 4 : i64, output = 0 : i64}
  %y = kernel.reserve {slot = 0 : i64, dims = #graph.dims<["s0"]>, itemsize = 4 : i64, output = 0 : i64}
  // CHECK: kernel.loop "i" below <"s0"> while "go" from <1> init(%{{.*}}) slots <[1]> {
  // CHECK-NEXT: ^{{.*}}(%{{.*}}: !kernel.buffer, %{{.*}}: !kernel.buffer, %{{.*}}: !kernel.buffer):
  %last, %all = kernel.loop "i" below <"s0"> while "go" from <1> init (%x) slots <[1]> {
  ^bb0(%i: !kernel.buffer, %go: !kernel.buffer, %v: !kernel.buffer):
    %next = kernel.reserve {slot = 2 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64}
    // CHECK: kernel.reserve {slot = 3 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64, append = "i"}
    %piece = kernel.reserve {slot = 3 : i64, dims = #graph.dims<[4]>, itemsize = 4 : i64, append = "i"}
    // CHECK: kernel.yield %{{.*}}, %{{.*}} while <"go">
    kernel.yield %next, %piece while <"go">
  } : !kernel.buffer, !kernel.buffer
}
