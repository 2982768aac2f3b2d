"""Concat and gather against the reference interpreter, and indices out of range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.errors import RunError
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
