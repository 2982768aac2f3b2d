"""Sorting, selection, suppression and scatters against the reference interpreter."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.errors import RunError

from .kernels import Case, check_case, compile_case, targets

Array = NDArray[Any]
rng = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


@targets
@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("k", [0, 1, 5, 36, 37])
@pytest.mark.parametrize("dtype", ["f4", "f2", "f8", "i4", "u1"])
def test_top_k(target: TargetModel, dtype: str, k: int, largest: bool) -> None:
    x = (floats(3, 37, 2) * 4).round().astype(dtype)
    rule = "sort" if k == 37 else "select"
    check_case(Case(lambda x: graph.TopKOp(x, k, 1, largest).results, [x], rule=rule), target)


@targets
def test_one_result_of_top_k(target: TargetModel) -> None:
    check_case(Case(lambda x: graph.TopKOp(x, 4, 0, False).indices, [floats(9)], rule="select"), target)
    check_case(Case(lambda x: graph.TopKOp(x, 9, 0, False).values, [floats(9)], rule="sort"), target)


@targets
def test_top_k_of_another_memory_order(target: TargetModel) -> None:
    case = Case(lambda x: graph.TopKOp(x, 4, 1).results, [floats(2, 9, 3)], orders=[(0, 2, 1)], rule="select")
    check_case(case, target)


@targets
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, 0), (37, 2), (64, 3), (65, 1)])
def test_sort_rows(target: TargetModel, shape: tuple[int, int]) -> None:
    check_case(Case(lambda x: graph.SortRowsOp(x).result, [floats(*shape).round()], rule="sort"), target)


@targets
@pytest.mark.parametrize("limit", [0, 3, 50])
@pytest.mark.parametrize("center", [False, True])
def test_suppress(target: TargetModel, center: bool, limit: int) -> None:
    corner, size = rng.random((2, 20, 2)), rng.random((2, 20, 2)) * 0.5
    boxes = np.concatenate([corner, size if center else corner + size], -1).astype(np.float32)
    candidates = np.stack([[rng.permutation(20) for _ in range(3)] for _ in range(2)])
    candidates[:, :, 15:] = -1
    inputs = [boxes, candidates, np.array(limit), np.array(0.3, np.float32)]
    check_case(Case(lambda b, c, n, t: graph.SuppressOp(b, c, n, t, center).result, inputs, rule="suppress"), target)


def test_a_candidate_out_of_range_stops_the_kernel() -> None:
    inputs = [floats(1, 3, 4), np.array([[[0, 3, 1]]]), np.array(3), np.array(0.5, np.float32)]
    (target,) = targets.args[1][:1]
    with pytest.raises(RunError):
        compile_case(Case(lambda *args: graph.SuppressOp(*args).result, inputs), target).run()


@targets
@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_scatter(target: TargetModel, reduction: str) -> None:
    x, updates = floats(5, 4, 3), floats(2, 4, 3)
    at = np.stack([rng.permutation(5)[:2] for _ in range(12)], -1).reshape(2, 4, 3)
    check_case(Case(lambda x, i, u: graph.ScatterElementsOp(x, i, u, 0, reduction).result, [x, at, updates]), target)
    check_case(Case(lambda x, i, u: graph.ScatterNdOp(x, i, u, reduction).result, [x, at[:, :, :2] % 4, floats(2, 4, 3)]), target)
