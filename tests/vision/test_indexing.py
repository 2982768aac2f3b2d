"""Scatters, gathers, triangles, running products and determinants beside onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tilewright
from tilewright.errors import RunError

from .peers import assert_agrees, one_node

Array = NDArray[Any]
rng = np.random.default_rng(0)
REDUCTIONS = ("none", "add", "mul", "max", "min")


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_scatter_elements_meets_duplicates_in_order(axis: int, reduction: str) -> None:
    x, indices = floats(5, 4, 37), rng.integers(-4, 4, (3, 4, 30))
    case = one_node("ScatterElements", [x, indices, floats(3, 4, 30)], opset=18, axis=axis, reduction=reduction)
    assert_agrees(*case, reference=reduction == "none")


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("x", "indices"), [((5, 4, 37), 1), ((5, 4, 37), 3), ((3, 2500), 1), ((9,), 1), ((2, 3, 4), 2)])
def test_scatter_nd_meets_duplicates_in_order(x: tuple[int, ...], indices: int, reduction: str) -> None:
    places = np.stack([rng.integers(-size, size, (4, 3)) for size in x[:indices]], -1)
    case = one_node("ScatterND", [floats(*x), places, floats(4, 3, *x[indices:])], opset=18, reduction=reduction)
    assert_agrees(*case, reference=True)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float64", "bool", "float16"])
def test_scatter_of_other_types(dtype: str) -> None:
    data, updates = rng.integers(0, 9, (6, 20)).astype(dtype), rng.integers(0, 9, (4, 20)).astype(dtype)
    assert_agrees(*one_node("ScatterND", [data, np.array([[1], [-1], [1], [3]]), updates], opset=18), reference=True)
    indices = rng.integers(0, 6, (4, 20)).astype(np.int32)
    assert_agrees(*one_node("ScatterElements", [data, indices, updates], opset=18), reference=True)


def test_scatter_of_dynamic_sizes() -> None:
    dims = {0: ["a", "b"], 1: ["c", "d"], 2: ["c", "d"]}
    indices = np.argsort(rng.random((9, 5)), 0)[:4]  # no duplicates: the old op leaves their order open
    assert_agrees(*one_node("Scatter", [floats(9, 8), indices, floats(4, 5)], opset=10, dims=dims))


def test_scatter_beyond_another_dim_is_refused() -> None:
    dims = {0: ["a", "b"], 1: ["c", "d"], 2: ["c", "d"]}
    for shape, axis in (((4, 9), 0), ((10, 8), 1)):
        inputs = [floats(9, 8), np.zeros(shape, np.int64), floats(*shape)]
        model, feeds = one_node("ScatterElements", inputs, opset=18, dims=dims, axis=axis)
        with pytest.raises(RunError):
            tilewright.compile(model, guard=True).run(feeds)


@pytest.mark.parametrize("index", [4, -5, 2**40])
def test_scatter_of_a_bad_index(index: int) -> None:
    bad = np.array([[1], [index]])
    for op, updates in (("ScatterND", floats(2, 3)), ("ScatterElements", floats(2, 1))):
        model, feeds = one_node(op, [floats(4, 3), bad, updates], opset=18)
        with pytest.raises(RunError):
            tilewright.compile(model, guard=True).run(feeds)


def test_gather_nd() -> None:
    indices = np.stack([rng.integers(-n, n, (2, 5)) for n in (4, 3)], -1)
    assert_agrees(*one_node("GatherND", [floats(2, 4, 3, 40), indices], opset=13, batch_dims=1), reference=True)
    assert_agrees(*one_node("GatherND", [floats(4, 3, 2), rng.integers(0, 2, (3, 1, 3))], opset=12))
    dims = {0: ["a", "b", "c"], 1: ["d", 2]}
    assert_agrees(*one_node("GatherND", [floats(4, 3, 5), np.array([[1, 2], [-1, 0], [3, -3]])], opset=12, dims=dims))


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [0, 2, -1, 9, -9])
def test_triangle_of_a_diagonal_known_at_run_time(k: int, upper: int) -> None:
    assert_agrees(*one_node("Trilu", [floats(2, 4, 5), np.array(k)], opset=14, upper=upper))
    assert_agrees(*one_node("Trilu", [floats(4, 5)], {1: np.array(k)}, opset=14, upper=upper))


@pytest.mark.parametrize("k", [0, 1, -2])
def test_eye_like(k: int) -> None:
    assert_agrees(*one_node("EyeLike", [floats(4, 6)], opset=9, k=k))
    assert_agrees(*one_node("EyeLike", [rng.integers(0, 9, (5, 3))], opset=9, k=k, dtype=11, dims={0: ["a", "b"]}))


@pytest.mark.parametrize(("time", "batch"), [(0, 1), (1, 0)])
def test_reverse_sequence(time: int, batch: int) -> None:
    x = floats(5, 4, 3) if time == 0 else floats(4, 5, 3)
    lengths = np.array([1, 5, 3, 2])
    for dims in ({}, {0: ["a", "b", 3], 1: ["c"]}):
        assert_agrees(*one_node("ReverseSequence", [x, lengths], opset=10, time_axis=time, batch_axis=batch, dims=dims))
    model, feeds = one_node("ReverseSequence", [x, lengths + 1], opset=10, time_axis=time, batch_axis=batch)
    with pytest.raises(RunError):
        tilewright.compile(model, guard=True).run(feeds)


@pytest.mark.parametrize("op", ["CumSum", "CumProd"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_running_totals_along_an_axis_known_at_run_time(op: str, axis: int) -> None:
    for exclusive, reverse in ((0, 0), (1, 0), (0, 1), (1, 1)):
        for x in (floats(3, 4, 20), rng.integers(1, 4, (3, 4, 5)).astype(np.int32)):
            case = one_node(op, [x, np.array(axis)], opset=26, exclusive=exclusive, reverse=reverse)
            assert_agrees(*case, 1e-4, reference=True)


def test_running_totals_along_no_such_axis() -> None:
    model, feeds = one_node("CumSum", [floats(3, 4), np.array(2)], opset=14)
    with pytest.raises(RunError):
        tilewright.compile(model, guard=True).run(feeds)


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (2, 4, 4), (2, 3, 2, 2), (9, 9)])
def test_determinant(shape: tuple[int, ...]) -> None:
    assert_agrees(*one_node("Det", [floats(*shape)], opset=11), 1e-4)


def test_determinant_of_singular_matrices() -> None:
    a = np.array([[[0, 1], [2, 0]], [[0, 0], [0, 3]], [[1, 2], [2, 4]]], np.float32)
    assert_agrees(*one_node("Det", [a], opset=11))


@pytest.mark.parametrize("circular", [False, True])
def test_tensor_scatter(circular: bool) -> None:
    start = np.array([5, 2] if circular else [3, 0])
    mode = "circular" if circular else "linear"
    assert_agrees(
        *one_node("TensorScatter", [floats(2, 3, 6, 4), floats(2, 3, 3, 4), start], opset=24, mode=mode), reference=True
    )
    assert_agrees(*one_node("TensorScatter", [floats(2, 6, 4), floats(2, 3, 4)], opset=24, axis=1), reference=True)


@pytest.mark.parametrize("target", [[4, 9], [7, 3], [5, 6], [1, 11]])
def test_center_crop_pad(target: list[int]) -> None:
    assert_agrees(*one_node("CenterCropPad", [floats(5, 6)], {1: np.array(target)}, opset=18), reference=True)
    dims = {0: ["a", "b", 3]}
    case = one_node("CenterCropPad", [floats(5, 6, 3)], {1: np.array(target)}, opset=18, axes=[0, -2], dims=dims)
    assert_agrees(*case, reference=True)


@pytest.mark.parametrize("axis", [0, -1])
def test_one_hot_of_floats(axis: int) -> None:
    indices = np.array([[0, 2.0, -1], [3, -4, 7]], np.float32)
    case = one_node("OneHot", [indices, None, np.array([2, 5], np.int32)], {1: np.array(4.0, np.float32)}, opset=11, axis=axis)
    assert_agrees(*case, reference=True)
