"""A register-blocked matmul over packed panels, as a schedule rule would emit it: its inner loop must not spill."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tilewright.backends import jit
from tilewright.backends.llvm_printer import print_llvm_ir
from tilewright.backends.targets import TARGETS, TargetModel, runs_here
from tilewright.lowering.native import compile_kernel
from tilewright.lowering.to_llvm import lower_function

from .loops_text import kernel

ARGUMENTS = "%a: memref<?xf32>, %b: memref<?xf32>, %c: memref<?xf32>, %mb: index, %nb: index, %k: index"


def macro_kernel(rows: int, columns: int, lanes: int) -> str:
    """c[mb*rows, nb*columns] = a * b for a in panels [mb, k, rows] and b in panels [nb, k, columns]; slices are panels of b."""
    vectors = columns // lanes
    v = f"vector<{lanes}xf32>"
    pa, pb = f"memref<?x?x{rows}xf32, strided<[?, {rows}, 1]>>", f"memref<?x?x{columns}xf32, strided<[?, {columns}, 1]>>"
    pc = "memref<?x?xf32, strided<[?, 1]>>"
    blocks = [f"{r}_{n}" for r in range(rows) for n in range(vectors)]
    types = ", ".join([v] * len(blocks))
    text = [f"%n{i} = arith.constant {i} : index" for i in range(max(rows, columns) + 1)]
    text += [
        f"%zero = arith.constant dense<0.0> : {v}",
        f"%sa = arith.muli %k, %n{rows} : index",
        f"%sb = arith.muli %k, %n{columns} : index",
        f"%ldc = arith.muli %nb, %n{columns} : index",
        f"%pa = memref.reinterpret_cast %a to offset: [0], sizes: [%mb, %k, {rows}], strides: [%sa, {rows}, 1]"
        f" : memref<?xf32> to {pa}",
        f"%pb = memref.reinterpret_cast %b to offset: [0], sizes: [%nb, %k, {columns}], strides: [%sb, {columns}, 1]"
        f" : memref<?xf32> to {pb}",
        f"%pc = memref.reinterpret_cast %c to offset: [0], sizes: [%mb, %ldc], strides: [%ldc, 1] : memref<?xf32> to {pc}",
        "scf.for %j = %lo to %hi step %c1 {",
        "scf.for %i = %c0 to %mb step %c1 {",
        f"%acc:{len(blocks)} = scf.for %p = %c0 to %k step %c1"
        f" iter_args({', '.join(f'%r{name} = %zero' for name in blocks)}) -> ({types}) {{",
    ]
    text += [f"%b{n} = vector.load %pb[%j, %p, %n{n * lanes}] : {pb}, {v}" for n in range(vectors)]
    for r in range(rows):
        text += [f"%a{r} = memref.load %pa[%i, %p, %n{r}] : {pa}", f"%s{r} = vector.broadcast %a{r} : f32 to {v}"]
        text += [f"%o{r}_{n} = vector.fma %s{r}, %b{n}, %r{r}_{n} : {v}" for n in range(vectors)]
    text += [f"scf.yield {', '.join(f'%o{name}' for name in blocks)} : {types}", "}"]
    text += [f"%i0 = arith.muli %i, %n{rows} : index", f"%j0 = arith.muli %j, %n{columns} : index"]
    for number, name in enumerate(blocks):
        row, vector = name.split("_")
        text += [f"%y{name} = arith.addi %i0, %n{row} : index", f"%x{name} = arith.addi %j0, %n{int(vector) * lanes} : index"]
        text.append(f"vector.store %acc#{number}, %pc[%y{name}, %x{name}] : {pc}, {v}")
    return "\n".join([*text, "}", "}"])


def inner_loop(assembly: str) -> list[str]:
    """The instructions of the loop with the multiply-adds, from its label to its jump back."""
    lines = assembly.splitlines()
    first = next(n for n, line in enumerate(lines) if "vfmadd" in line)
    start = max(n for n in range(first) if re.match(r"\.LBB\d+_\d+:", lines[n]))
    label = lines[start].rstrip(":")
    end = next(n for n in range(first, len(lines)) if re.search(rf"\bj\w+\s+{re.escape(label)}$", lines[n]))
    return [line.strip() for line in lines[start + 1 : end + 1]]


BLOCKS = [("x86-64-v4", 14, 32, 16), ("x86-64-v4", 6, 64, 16), ("x86-64-v4", 9, 48, 16), ("x86-64-v3", 6, 16, 8)]


@pytest.mark.parametrize(("target", "rows", "columns", "lanes"), BLOCKS)
def test_inner_loop_is_loads_and_multiply_adds(target: str, rows: int, columns: int, lanes: int) -> None:
    model: TargetModel = TARGETS[target]
    function = kernel(ARGUMENTS, macro_kernel(rows, columns, lanes))
    loop = inner_loop(jit.compile_assembly(print_llvm_ir([lower_function(function, model)], model), model))
    products = rows * columns // lanes
    assert sum("vfmadd" in line for line in loop) == products
    assert not [line for line in loop if "%rsp" in line], "\n".join(loop)
    assert len(loop) <= products + rows + columns // lanes + 5, "\n".join(loop)


@pytest.mark.parametrize(("target", "rows", "columns", "lanes"), BLOCKS)
def test_result(target: str, rows: int, columns: int, lanes: int) -> None:
    model = TARGETS[target]
    if not runs_here(model):
        pytest.skip(f"this machine does not run {target}")
    rng = np.random.default_rng(0)
    a = rng.standard_normal((3, 50, rows)).astype(np.float32)
    b = rng.standard_normal((2, 50, columns)).astype(np.float32)
    c = np.zeros((3 * rows, 2 * columns), np.float32)
    compile_kernel(kernel(ARGUMENTS, macro_kernel(rows, columns, lanes)), model)([a, b, c], [3, 2, 50], 0, 2)
    left = a.transpose(0, 2, 1).reshape(3 * rows, 50).astype(np.float64)
    right = b.transpose(1, 0, 2).reshape(50, 2 * columns)
    np.testing.assert_allclose(c, left @ right, rtol=0, atol=1e-4)
