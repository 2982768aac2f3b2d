"""Concat and gather against the reference interpreter, and indices out of range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.backends.targets import host_target
from tilewright.errors import RunError
from tilewright.lowering.rules import copies
from tilewright.lowering.rules.copies import CopiesRule
from tilewright.runtime.weights import WeightStore


def check(text: str, inputs: list[np.ndarray[Any, Any]]) -> None:
    expected = evaluate(ModuleOp([parse_kernel(text)]), inputs, WeightStore(), "k")[0]
    np.testing.assert_array_equal(run_kernel(parse_kernel(text), CopiesRule(), inputs), expected)


def ramp(shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


@pytest.mark.parametrize(("element", "dtype"), [("f32", "f4"), ("si64", "i8"), ("i1", "?"), ("f16", "f2")])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_concat(element: str, dtype: str, axis: int) -> None:
    shapes = [tuple(length if a == axis else d for a, d in enumerate((3, 5, 37))) for length in (1, 70, 6)]
    total = tuple(77 if a == axis else d for a, d in enumerate((3, 5, 37)))
    types = [f"tensor<{'x'.join(map(str, s))}x{element}>" for s in (*shapes, total)]
    text = f"""func.func @k(%a: {types[0]}, %b: {types[1]}, %c: {types[2]}) -> {types[3]} {{
      %0 = graph.concat %a, %b, %c {{axis = {axis} : i64}} : ({", ".join(types[:3])}) -> {types[3]}
      func.return %0 : {types[3]}
    }}"""
    check(text, [ramp(s, dtype) for s in shapes])


def test_concat_of_channels_last() -> None:
    order = "#graph.tensor<order [0, 2, 3, 1]>"
    x, y, z = (f"tensor<2x{c}x3x3xf32, {order}>" for c in (24, 40, 64))
    text = f"""func.func @k(%a: {x}, %b: {y}) -> {z} {{
      %0 = graph.concat %a, %b {{axis = 1 : i64}} : ({x}, {y}) -> {z}
      func.return %0 : {z}
    }}"""
    check(text, [ramp((2, 24, 3, 3), "f4"), ramp((2, 40, 3, 3), "f4")])


GATHER = """func.func @k(%x: tensor<4x9x{inner}xf32>, %i: tensor<2x3xsi64>) -> {out} {{
  %0 = graph.gather %x, %i {{axis = {axis} : i64}} : (tensor<4x9x{inner}xf32>, tensor<2x3xsi64>) -> {out}
  func.return %0 : {out}
}}"""


@pytest.mark.parametrize("inner", [1, 16, 77])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gather(inner: int, axis: int) -> None:
    shape = (4, 9, inner)
    out = f"tensor<{'x'.join(map(str, (*shape[:axis], 2, 3, *shape[axis + 1 :])))}xf32>"
    size = shape[axis]
    indices = np.array([[0, size - 1, -1], [-size, size // 2, 0]])
    check(GATHER.format(inner=inner, axis=axis, out=out), [ramp(shape, "f4"), indices])


@pytest.mark.parametrize("bad", [9, -10, 2**62, -(2**62)])
def test_an_index_out_of_range_stops_the_kernel(bad: int) -> None:
    text = GATHER.format(inner=16, axis=1, out="tensor<4x2x3x16xf32>")
    with pytest.raises(RunError):
        run_kernel(parse_kernel(text), CopiesRule(), [ramp((4, 9, 16), "f4"), np.array([[0, 1, bad], [0, 0, 0]])])


@pytest.mark.parametrize("axis", [0, 1])
def test_long_runs_are_cut_in_blocks(monkeypatch: pytest.MonkeyPatch, axis: int) -> None:
    """Cells that begin and end inside an operand, that span one, and that are cut short by the end."""
    monkeypatch.setattr(copies, "BLOCK_BYTES", 1024)
    lengths = (100, 3, 700, 256)
    shapes = [tuple(n if a == axis else 2 for a in range(2)) for n in lengths]
    total = tuple(sum(lengths) if a == axis else 2 for a in range(2))
    *types, result = [f"tensor<{rows}x{columns}xf32>" for rows, columns in (*shapes, total)]
    text = f"""func.func @k(%a: {types[0]}, %b: {types[1]}, %c: {types[2]}, %d: {types[3]}) -> {result} {{
      %0 = graph.concat %a, %b, %c, %d {{axis = {axis} : i64}} : ({", ".join(types)}) -> {result}
      func.return %0 : {result}
    }}"""
    kernel = parse_kernel(text)
    schedule = CopiesRule().schedule(kernel, host_target())
    assert schedule is not None and CopiesRule().grid(kernel, schedule, host_target()).value >= 8
    check(text, [ramp(s, "f4") for s in shapes])


def test_long_rows_are_gathered_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BLOCK_BYTES", 256)
    out = "tensor<4x2x3x77xf32>"
    indices = np.array([[0, 8, -1], [-9, 4, 0]])
    check(GATHER.format(inner=77, axis=1, out=out), [ramp((4, 9, 77), "f4"), indices])
    with pytest.raises(RunError):
        run_kernel(parse_kernel(GATHER.format(inner=77, axis=1, out=out)), CopiesRule(), [ramp((4, 9, 77), "f4"), indices + 5])


def test_long_runs_of_tuples_are_gathered_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BLOCK_BYTES", 256)
    types = "tensor<3x5x200xf32>", "tensor<4x2xsi64>", "tensor<4x200xf32>"
    text = f"""func.func @k(%x: {types[0]}, %i: {types[1]}) -> {types[2]} {{
      %0 = graph.gather_nd %x, %i : ({types[0]}, {types[1]}) -> {types[2]}
      func.return %0 : {types[2]}
    }}"""
    check(text, [ramp((3, 5, 200), "f4"), np.array([[0, 0], [2, -1], [-3, 4], [1, 2]])])
