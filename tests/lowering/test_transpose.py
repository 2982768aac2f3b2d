"""The transpose rule, and index maps in general, against the reference interpreter."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.types import tensor
from tilewright.lowering.rules import transpose

from .kernels import TARGETS, Case, check_case, targets

rng = np.random.default_rng(0)


def floats(*shape: int) -> NDArray[Any]:
    return rng.standard_normal(shape).astype(np.float32)


@targets
@pytest.mark.parametrize(
    ("shape", "perm"),
    [
        ((16, 16), [1, 0]),
        ((5, 7), [1, 0]),
        ((64, 33), [1, 0]),
        ((100, 3), [1, 0]),
        ((2, 49, 64), [0, 2, 1]),
        ((3, 17, 4, 18), [0, 3, 1, 2]),
        ((4, 3, 20, 5), [2, 3, 0, 1]),
        ((2, 0, 5), [0, 2, 1]),
    ],
)
def test_transpose(shape: tuple[int, ...], perm: list[int], target: TargetModel) -> None:
    check_case(Case(lambda x: graph.TransposeOp(x, perm).result, [floats(*shape)]), target)


@targets
@pytest.mark.parametrize("shape", [(700, 5), (701, 40), (2, 130, 9)])
def test_long_strips_are_cut(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], target: TargetModel) -> None:
    """The last dim of the result is long: a cell is a part of a strip, the last one ragged."""
    monkeypatch.setattr(transpose, "CELL", 1024)
    perm = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
    check_case(Case(lambda x: graph.TransposeOp(x, perm).result, [floats(*shape)], rule="transpose"), target)


@targets
def test_relayout(target: TargetModel) -> None:
    x = floats(2, 19, 5, 7)
    check_case(Case(lambda x: graph.RelayoutOp(x, [0, 2, 3, 1]).result, [x], rule="transpose"), target)
    check_case(Case(lambda x: graph.RelayoutOp(x, None).result, [x], orders=[[0, 2, 3, 1]], rule="transpose"), target)


@targets
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "bool", "int64"])
def test_types(dtype: str, target: TargetModel) -> None:
    x = rng.integers(0, 2, (23, 37)).astype(dtype)
    check_case(Case(lambda x: graph.TransposeOp(x, [1, 0]).result, [x], rule="transpose"), target)


@targets
def test_fused(target: TargetModel) -> None:
    def body(x: SSAValue, y: SSAValue, row: SSAValue, column: SSAValue) -> SSAValue:
        turned = graph.TransposeOp(graph.ReluOp(x), [0, 2, 1])
        return graph.AddOp(graph.MulOp(graph.AddOp(turned, y), row), column).result

    inputs = [floats(2, 21, 35), floats(2, 35, 21), floats(21), floats(35, 1)]
    check_case(Case(body, inputs, rule="transpose"), target)


@targets
@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_channel_shuffle(groups: int, target: TargetModel) -> None:
    def body(x: SSAValue) -> SSAValue:
        split = graph.ReshapeOp(x, tensor(f32, [2, groups, 19, 3, 3], [0, 3, 4, 1, 2]))
        turned = graph.TransposeOp(split, [0, 2, 1, 3, 4], tensor(f32, [2, 19, groups, 3, 3], [0, 3, 4, 1, 2]))
        return graph.ReshapeOp(turned, tensor(f32, [2, groups * 19, 3, 3], [0, 2, 3, 1])).result

    check_case(Case(body, [floats(2, groups * 19, 3, 3)], orders=[[0, 2, 3, 1]], rule="transpose"), target)


@targets
def test_window_partition(target: TargetModel) -> None:
    def body(x: SSAValue) -> SSAValue:
        split = graph.ReshapeOp(x, tensor(f32, [2, 3, 4, 2, 4, 20]))
        return graph.ReshapeOp(graph.TransposeOp(split, [0, 1, 3, 2, 4, 5]), tensor(f32, [12, 16, 20])).result

    check_case(Case(body, [floats(2, 12, 8, 20)], rule="elementwise"), target)


@targets
@pytest.mark.parametrize("step", [-1, 2, 3, 4, 5, -2])
def test_strided_slices(step: int, target: TargetModel) -> None:
    size = 1 + (100 - 1) // abs(step)
    start = 99 if step < 0 else 0

    def body(x: SSAValue) -> SSAValue:
        return graph.NegOp(graph.SliceOp(x, [0, start], tensor(f32, [3, size]), steps=[1, step])).result

    check_case(Case(body, [floats(3, 100)], rule="elementwise"), target)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_permutation(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 20), min_size=2, max_size=4))
    perm = data.draw(st.permutations(range(len(shape))))
    order = data.draw(st.permutations(range(len(shape))))
    target = data.draw(st.sampled_from(TARGETS))
    generalize = data.draw(st.booleans())
    case = Case(lambda x: graph.TransposeOp(x, perm).result, [floats(*shape)], orders=[order], generalize=generalize)
    check_case(case, target)
