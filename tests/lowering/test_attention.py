"""The attention rule against the reference interpreter: shapes, layouts, masks, shared heads, blocks of keys."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
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

from .kernels import TARGETS, Case, check_case, compile_case, targets

Array = NDArray[Any]
rng = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def attends(**options: Any) -> Callable[..., SSAValue]:
    return lambda *operands: graph.AttentionOp(*operands, **options).result


def check(inputs: list[Array], target: TargetModel, build: Callable[..., SSAValue] | None = None, **options: Any) -> None:
    check_case(Case(build or attends(**options), inputs, rule="attention"), target)


def heads(m: int, n: int, d: int, c: int, batch: tuple[int, ...] = (2,)) -> list[Array]:
    return [floats(*batch, m, d), floats(*batch, n, d), floats(*batch, n, c)]


@targets
@pytest.mark.parametrize("keys", [1, 5, 64, 129, 300])
def test_key_counts(keys: int, target: TargetModel) -> None:
    check(heads(21, keys, 16, 16), target, scale=0.25)


@targets
@pytest.mark.parametrize(
    ("queries", "depth", "columns"), [(1, 8, 8), (1, 5, 13), (3, 64, 160), (16, 1, 1), (33, 64, 40), (70, 33, 65), (40, 8, 13)]
)
def test_queries_and_widths(queries: int, depth: int, columns: int, target: TargetModel) -> None:
    check(heads(queries, 40, depth, columns, ()), target)


@targets
@pytest.mark.parametrize("mask", [(9, 150), (1, 150), (2, 3, 9, 150), (2, 1, 1, 150), (3, 9, 1), (1,)])
def test_masks(mask: tuple[int, ...], target: TargetModel) -> None:
    operands = [*heads(9, 150, 16, 16, (2, 3)), floats(*mask) * 5]
    check(operands, target)
    check(operands, target, softcap=3.0)


@targets
def test_a_mask_that_replaces(target: TargetModel) -> None:
    mask = np.where(rng.random((9, 150)) < 0.5, 0, -1e9).astype(np.float32)
    mask[4] = -1e9
    check([*heads(9, 150, 16, 16), mask], target, replace=True)


@targets
@pytest.mark.parametrize(
    ("shape", "offset"),
    [((70, 200), 0), ((70, 200), 130), ((200, 70), -4), ((200, 70), 1000), ((1, 200), 140), ((1, 200), -4), ((64, 64), 0)],
)
def test_causal(offset: int, shape: tuple[int, int], target: TargetModel) -> None:
    check(heads(*shape, 16, 24), target, causal=offset, empty="zero")


@targets
@pytest.mark.parametrize("empty", ["nan", "zero", "zero_nan"])
def test_rows_without_keys(empty: str, target: TargetModel) -> None:
    mask = np.zeros((20, 300), np.float32)
    mask[3], mask[5, :200], mask[6, 128:] = -np.inf, -np.inf, -np.inf
    mask[7, 5] = np.nan if empty != "nan" else -np.inf
    check([*heads(20, 300, 16, 16), mask], target, empty=empty)


@targets
@pytest.mark.parametrize("queries", [1, 20])
def test_shared_heads(queries: int, target: TargetModel) -> None:
    operands = [floats(2, 3, 4, queries, 16), floats(2, 3, 1, 150, 16), floats(2, 3, 1, 150, 24)]
    check(operands, target, causal=130)
    check([*operands, floats(4, 1, 150)], target)
    check([*operands, floats(4, queries, 150)], target)


@targets
def test_interleaved_heads_in_and_out(target: TargetModel) -> None:
    """[B, S, 3 * H * D] of projections in one, [B, S, H * D] out: slices, reshapes and transposes are strides."""

    def build(projected: SSAValue) -> SSAValue:
        def reshaped(x: SSAValue, *dims: int) -> SSAValue:
            return graph.ReshapeOp(x, tensor(f32, dims)).result

        def part(index: int) -> SSAValue:
            split = reshaped(projected, 2, 50, 3, 4, 8)
            one = graph.SliceOp(split, [0, 0, index, 0, 0], tensor(f32, (2, 50, 1, 4, 8))).result
            return graph.TransposeOp(reshaped(one, 2, 50, 4, 8), [0, 2, 1, 3]).result

        out = graph.AttentionOp(part(0), part(1), part(2), scale=0.3)
        return reshaped(graph.TransposeOp(out, [0, 2, 1, 3]).result, 2, 50, 32)

    check([floats(2, 50, 96)], target, build)


@targets
def test_transposed_keys_and_values(target: TargetModel) -> None:
    def build(q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        return graph.AttentionOp(q, graph.TransposeOp(k, [0, 2, 1]), graph.TransposeOp(v, [0, 2, 1])).result

    check([floats(2, 30, 16), floats(2, 16, 140), floats(2, 16, 140)], target, build)


@targets
def test_doubles(target: TargetModel) -> None:
    check([x.astype(np.float64) for x in heads(21, 140, 16, 16)], target, scale=0.25, causal=5, softcap=2.0)


@targets
@pytest.mark.parametrize(
    "options", [{}, {"causal": 1, "softcap": 2.0}, {"empty": "zero"}, {"empty": "zero_nan", "replace": True}]
)
def test_halves_go_by_the_definition(options: dict[str, Any], target: TargetModel) -> None:
    mask = np.where(rng.random((5, 7)) < 0.5, 0, -np.inf)
    mask[2] = -np.inf
    operands = [x.astype(np.float16) for x in [*heads(5, 7, 4, 4), mask]]
    check_case(Case(attends(**options), operands, rule="scalar"), target)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_shape(data: st.DataObject) -> None:
    size = st.integers(1, 40)
    m, n, d, c = data.draw(size), data.draw(st.integers(1, 270)), data.draw(size), data.draw(size)
    group, shared = data.draw(st.integers(1, 3)), data.draw(st.booleans())
    k_batch = (2, 1) if shared else (2, group)
    operands = [floats(2, group, m, d), floats(*k_batch, n, d), floats(*k_batch, n, c)]
    if data.draw(st.booleans()):
        operands.append(floats(*data.draw(st.sampled_from([(m, n), (1, n), (group, m, n), (2, 1, m, n), (2, 1, 1, n)]))))
    causal = data.draw(st.none() | st.integers(-5, 50))
    softcap = data.draw(st.sampled_from([0.0, 4.0]))
    case = Case(attends(scale=0.5, causal=causal, softcap=softcap, empty="zero"), operands, rule="attention")
    check_case(case, data.draw(st.sampled_from(TARGETS)))


@targets
@pytest.mark.parametrize("queries", [3, 30])
def test_no_keys_at_all(queries: int, target: TargetModel) -> None:
    check(heads(queries, 0, 16, 16), target)
    check_case(Case(attends(), [x.astype(np.float16) for x in heads(2, 0, 4, 4)], rule="scalar"), target)


@targets
def test_large_scores_stay_finite(target: TargetModel) -> None:
    """Scores of some hundreds are exact to as many times the precision of f32, and their exponentials no more than that."""
    q, k, v = heads(20, 300, 16, 16)
    check_case(Case(attends(), [q * 4, k * 4, v], rule="attention", tolerance=5e-5), target)


@targets
@pytest.mark.parametrize("queries", [3, 24, 40])
@pytest.mark.parametrize("keys", [5, 16, 17, 64, 70, 128, 133, 197])
def test_rests_of_queries_and_keys(queries: int, keys: int, target: TargetModel) -> None:
    """Whole vectors of queries before a few that are rows, whose last keys fill one vector or a whole panel."""
    check(heads(queries, keys, 24, 16), target, scale=0.3)


@targets
def test_bits_depend_on_neither_the_queries_nor_the_batch(target: TargetModel) -> None:
    q, k, v = heads(70, 300, 16, 16)
    whole = compile_case(Case(attends(causal=200), [q, k, v]), target).run()[0]
    some = compile_case(Case(attends(causal=200), [q[:, :5], k, v]), target).run()[0]
    one = compile_case(Case(attends(causal=200), [q[1:], k[1:], v[1:]]), target).run(3)[0]
    last = compile_case(Case(attends(causal=269), [q[:, 69:], k, v]), target).run()[0]
    np.testing.assert_array_equal(some, whole[:, :5])
    np.testing.assert_array_equal(last, whole[:, 69:])
    np.testing.assert_array_equal(one, whole[1:])
