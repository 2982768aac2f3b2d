"""The reduction rule against the reference interpreter."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph

from .kernels import TARGETS, Case, check_case, compile_case, targets

Array = NDArray[Any]
rng = np.random.default_rng(0)
KINDS = ["sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square"]
LENGTHS = (1, 3, 16, 17, 64, 65, 130, 1000)
CHANNELS_LAST = [0, 2, 3, 1]


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> Array:
    return (rng.random(shape) / 5 + 0.9).astype(np.float32)


def reduces(kind: str, axes: list[int], keepdims: bool = True) -> Callable[[SSAValue], SSAValue]:
    return lambda x: graph.ReduceOp(x, kind, axes, keepdims).result


def check(build: Callable[..., Any], inputs: list[Array], target: TargetModel, **options: Any) -> None:
    check_case(Case(build, inputs, rule="reduction", **options), target)


@targets
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str, target: TargetModel) -> None:
    check(reduces(kind, [1]), [positive(3, 77)], target)
    check(reduces(kind, [0], False), [positive(5, 77)], target)


@targets
@pytest.mark.parametrize("length", LENGTHS)
def test_row_lengths(length: int, target: TargetModel) -> None:
    check(reduces("sum", [1]), [floats(3, length)], target)
    check(lambda x: graph.SoftmaxOp(x, 1).result, [floats(5, length) * 5], target)


@targets
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((4, 3, 129), [0, 1]),
        ((2, 5, 70), [1]),
        ((2, 7, 1, 16), [1, 2]),
        ((9, 200), [0]),
        ((3, 4, 5, 6), [0, 2]),
        ((3, 4, 5, 6), [1, 3]),
        ((3, 4, 5), [0, 1, 2]),
        ((3, 4), []),
        ((), []),
        ((0, 5), [0]),
        ((5, 0), [0]),
    ],
)
def test_axes(shape: tuple[int, ...], axes: list[int], target: TargetModel) -> None:
    check(reduces("sum", axes), [floats(*shape)], target)


@targets
@pytest.mark.parametrize("channels", [8, 64, 100])
def test_global_average_pool_of_channels_last(channels: int, target: TargetModel) -> None:
    check(reduces("mean", [2, 3]), [floats(2, channels, 7, 7)], target, orders=[CHANNELS_LAST])


@targets
def test_prologue_and_epilogue(target: TargetModel) -> None:
    def body(x: SSAValue, scale: SSAValue, bias: SSAValue) -> SSAValue:
        total = graph.ReduceOp(graph.MulOp(graph.ReluOp(x), scale), "sum", [1])
        return graph.TanhOp(graph.AddOp(total, bias)).result

    check(body, [floats(3, 50, 4), floats(50, 1), floats(3, 1, 4)], target)
    check(body, [floats(3, 50, 40), floats(40), floats(1)], target)
    check(body, [floats(3, 50), floats(50), floats(3, 1)], target)


@targets
def test_broadcast_back(target: TargetModel) -> None:
    def body(x: SSAValue) -> SSAValue:
        return graph.SubOp(x, graph.ReduceOp(x, "mean", [1])).result

    check(body, [floats(3, 50)], target)
    check(body, [floats(3, 50, 37)], target)


@targets
@pytest.mark.parametrize("op", [graph.SoftmaxOp, graph.LogSoftmaxOp])
@pytest.mark.parametrize(("shape", "axis"), [((4, 30), 0), ((2, 21, 33), 1), ((2, 3, 100), 2), ((2, 300, 3), 1)])
def test_softmax(op: Any, shape: tuple[int, ...], axis: int, target: TargetModel) -> None:
    check(lambda x: op(x, axis).result, [floats(*shape) * 8], target)


@targets
def test_masked_softmax(target: TargetModel) -> None:
    def body(x: SSAValue, mask: SSAValue) -> SSAValue:
        return graph.NegOp(graph.SoftmaxOp(graph.AddOp(graph.MulOp(x, x), mask), 2)).result

    check(body, [floats(2, 7, 45), floats(1, 1, 45)], target)


@targets
@pytest.mark.parametrize("length", LENGTHS)
def test_layer_norm(length: int, target: TargetModel) -> None:
    check(lambda x, s, b: graph.LayerNormOp(x, s, b).result, [floats(2, 3, length), floats(length), floats(length)], target)
    check(lambda x, s: graph.LayerNormOp(x, s, None, axis=1).result, [floats(2, 3, length), floats(3, 1)], target)
    check(lambda x, s: graph.RmsNormOp(x, s).result, [floats(6, length), floats(length)], target)


@targets
@pytest.mark.parametrize("order", [None, CHANNELS_LAST])
def test_channel_norms(order: list[int] | None, target: TargetModel) -> None:
    inputs = [floats(2, 24, 5, 7), floats(24), floats(24)]
    orders: dict[str, Any] = {"orders": [order], "result_order": order}
    check(lambda x, s, b: graph.InstanceNormOp(x, s, b).result, inputs, target, **orders)
    for groups in (1, 3, 24):
        check(lambda x, s, b, g=groups: graph.GroupNormOp(x, s, b, g).result, inputs, target, **orders)
    for p in (1, 2):
        check(lambda x, p=p: graph.LpNormalizeOp(x, 1, p).result, inputs[:1], target, **orders)


@targets
@pytest.mark.parametrize(("shape", "axis"), [((5, 300), 1), ((40, 33), 0), ((3, 7, 20), 1), ((1,), 0)])
def test_arg_reduce(shape: tuple[int, ...], axis: int, target: TargetModel) -> None:
    ties = rng.integers(-3, 3, shape)
    for kind in ("max", "min"):
        for last in (False, True):

            def body(x: SSAValue, kind: str = kind, last: bool = last) -> SSAValue:
                return graph.ArgReduceOp(x, kind, axis, keepdims=not last, select_last_index=last).result

            check(body, [ties.astype(np.float32)], target)
            check(body, [ties.astype(np.int8)], target)
    check(lambda x: graph.ArgReduceOp(x, "max", axis).result, [np.full(shape, -np.inf, np.float32)], target)


@targets
@pytest.mark.parametrize(("shape", "axis"), [((5, 30), 1), ((40, 33), 0), ((3, 7, 20), 1)])
def test_running_totals(shape: tuple[int, ...], axis: int, target: TargetModel) -> None:
    for exclusive in (False, True):
        for reverse in (False, True):
            check(lambda x, e=exclusive, r=reverse: graph.CumsumOp(x, axis, e, r).result, [floats(*shape)], target)
            check(lambda x, e=exclusive, r=reverse: graph.CumprodOp(x, axis, e, r).result, [floats(*shape)], target)
    check(lambda x: graph.CumsumOp(x, axis).result, [rng.integers(-9, 9, shape)], target)
    check(lambda x: graph.CumprodOp(x, axis).result, [rng.integers(-9, 9, shape)], target)


@targets
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int32", "uint16", "int64"])
def test_dtypes(dtype: str, target: TargetModel) -> None:
    x = rng.integers(0, 9, (4, 37)).astype(dtype)
    for axis in (0, 1):
        for kind in ("sum", "max", "mean"):
            check(reduces(kind, [axis]), [x], target, tolerance=2e-2 if dtype == "float16" else None)


@targets
@pytest.mark.parametrize("length", [2, 4, 5, 7, 8, 16, 17, 50, 64, 65, 300])
@pytest.mark.parametrize("generalize", [False, True])
def test_rows_and_columns_are_folded_in_the_same_order(length: int, generalize: bool, target: TargetModel) -> None:
    x = floats(67, length)

    def run(axis: int, array: Array) -> Array:
        case = Case(reduces("sum", [axis], False), [array], rule="reduction", generalize=generalize)
        return compile_case(case, target).run()[0]

    rows = run(1, x)
    np.testing.assert_array_equal(run(0, x.T.copy()), rows)
    np.testing.assert_array_equal(run(1, x[:1]), rows[:1])
    np.testing.assert_array_equal(run(0, x.T[:, 1:3].copy()), rows[1:3])


@targets
def test_several_reduced_dims_are_folded_in_the_same_order(target: TargetModel) -> None:
    x = floats(7, 3, 5, 70)  # the middle dims keep the reduced ones apart
    rows = compile_case(Case(reduces("sum", [1, 3], False), [x], rule="reduction"), target).run()[0]
    columns = compile_case(Case(reduces("sum", [0, 2], False), [x.transpose(1, 2, 3, 0).copy()], rule="reduction"), target).run()[
        0
    ]
    np.testing.assert_array_equal(columns, rows.T)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_any_reduction(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 9) | st.just(40), min_size=1, max_size=4))
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1)))
    order = data.draw(st.permutations(range(len(shape))))
    kind = data.draw(st.sampled_from(["sum", "mean", "max", "log_sum_exp"]))
    keepdims = data.draw(st.booleans())

    def body(x: SSAValue, y: SSAValue) -> SSAValue:
        return graph.NegOp(graph.ReduceOp(graph.AddOp(x, y), kind, list(axes), keepdims)).result

    extra = [d if data.draw(st.booleans()) else 1 for d in shape]
    inputs = [abs(floats(*shape)), abs(floats(*extra))]  # what cancels in a sum leaves no digit to compare
    case = Case(body, inputs, orders=[order], generalize=data.draw(st.booleans()))
    check_case(case, data.draw(st.sampled_from(TARGETS)))
