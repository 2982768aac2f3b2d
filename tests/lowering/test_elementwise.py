"""The elementwise rule against the reference interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.base import i1
from tilewright.dialects.graph.dtypes import dense_attribute
from tilewright.dialects.graph.types import tensor

from .kernels import TARGETS, Case, check_case, targets

rng = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def relu_sum(x: SSAValue, y: SSAValue) -> SSAValue:
    return graph.ReluOp(graph.AddOp(x, y)).result


@targets
@pytest.mark.parametrize("shape", [(), (1,), (5,), (16,), (1000,), (3, 4), (2, 3, 50), (2, 0, 3), (7, 1, 33), (20000,)])
def test_same_shapes(shape: tuple[int, ...], target: TargetModel) -> None:
    check_case(Case(relu_sum, [floats(*shape), floats(*shape)], rule="elementwise"), target)


@targets
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((8, 64, 7, 7), (1, 64, 1, 1)),
        ((2, 5, 768), (768,)),
        ((2, 5, 37), (2, 1, 37)),
        ((2, 5, 37), (5, 1)),
        ((4, 6), ()),
        ((3, 1, 5), (1, 4, 1)),
        ((2, 3, 4, 5), (2, 1, 4, 1)),
    ],
)
def test_broadcasts(x: tuple[int, ...], y: tuple[int, ...], target: TargetModel) -> None:
    check_case(Case(relu_sum, [floats(*x), floats(*y)], rule="elementwise"), target)
    check_case(Case(relu_sum, [floats(*y), floats(*x)], rule="elementwise", generalize=False), target)


@targets
def test_orders(target: TargetModel) -> None:
    x, bias = floats(2, 24, 5, 6), floats(1, 24, 1, 1)
    check_case(Case(relu_sum, [x, bias], orders=[[0, 2, 3, 1]], rule="elementwise"), target)
    check_case(Case(relu_sum, [x, x], orders=[[0, 2, 3, 1], None]), target)


@targets
def test_constants(target: TargetModel) -> None:
    def body(x: SSAValue) -> SSAValue:
        scale = graph.ConstantOp(dense_attribute(np.array([[0.5], [2.0], [3.0]], np.float32)))
        shift = graph.ConstantOp(dense_attribute(np.array(1.5, np.float32)))
        return graph.AddOp(graph.MulOp(x, scale), shift).result

    check_case(Case(body, [floats(4, 3, 10)], rule="elementwise"), target)


@targets
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64", "uint8", "bool"])
def test_mixed_types(dtype: str, target: TargetModel) -> None:
    def body(x: SSAValue, y: SSAValue) -> SSAValue:
        return graph.WhereOp(graph.CastOp(x, i1), y, graph.CastOp(x, f32)).result

    x = (rng.integers(0, 3, (3, 45)) if dtype != "bool" else rng.integers(0, 2, (3, 45))).astype(dtype)
    check_case(Case(body, [x, floats(3, 45)], rule="elementwise"), target)


@targets
def test_index_maps(target: TargetModel) -> None:
    def body(x: SSAValue, y: SSAValue) -> SSAValue:
        part = graph.SliceOp(x, [1, 0, 2], tensor(f32, [3, 4, 30]), steps=[2, 1, 1])
        return graph.MulOp(graph.BroadcastOp(y, tensor(f32, [3, 4, 30])), part).result

    check_case(Case(body, [floats(7, 4, 33), floats(4, 1)], rule="elementwise"), target)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_broadcast(data: st.DataObject) -> None:
    rank = data.draw(st.integers(0, 4))
    shape = data.draw(st.lists(st.integers(0, 9), min_size=rank, max_size=rank))
    shapes = [[d if data.draw(st.booleans()) else 1 for d in shape][data.draw(st.integers(0, rank)) :] for _ in range(3)]
    shapes.append(shape)
    order = data.draw(st.permutations(range(rank)))
    arrays = [floats(*s) for s in shapes]

    def body(a: SSAValue, b: SSAValue, c: SSAValue, d: SSAValue) -> SSAValue:
        return graph.AddOp(graph.SubOp(d, a), graph.MaxOp(graph.MulOp(b, c), d)).result

    check_case(Case(body, arrays, orders=[None, None, None, order]), data.draw(st.sampled_from(TARGETS)))
