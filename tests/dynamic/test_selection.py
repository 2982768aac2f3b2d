"""TopK, NonZero, Compress, Unique and NonMaxSuppression: as many results as the data says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .compare import Array, agree, i64, model_of, node, scalar

rng = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_top_k(axis: int, largest: int) -> None:
    model = model_of([node("TopK", "x k", "v i", axis=axis, largest=largest)], {"x": floats(5, 7, 6), "k": i64(1)}, "v i")
    agree(model, *({"x": floats(5, 7, 6).round(), "k": i64(k)} for k in (0, 1, 3, 5, 9, -1)))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float64])
def test_top_k_of_many(dtype: Any) -> None:
    model = model_of([node("TopK", "x k", "v i")], {"x": np.zeros((2, 3000), dtype), "k": i64(1)}, "v i")
    agree(model, *({"x": (floats(2, 3000) * 1000).astype(dtype), "k": i64(k)} for k in (1, 100, 3000)))


def test_non_zero() -> None:
    model = model_of([node("NonZero", "x")], {"x": floats(3, 4)}, dims={"x": ["a", "b"]})
    shapes = [(3, 4), (1, 1), (20, 30), (0, 4), (3, 0)]
    agree(model, *({"x": np.maximum(floats(*s), 0)} for s in shapes), {"x": np.zeros((3, 4), np.float32)})
    model = model_of([node("NonZero", "x")], {"x": floats(7) > 0}, dims={"x": ["a"]})
    agree(model, *({"x": floats(n) > 0} for n in (7, 1, 1000)))


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_compress(axis: int | None) -> None:
    attributes: dict[str, Any] = {} if axis is None else {"axis": axis}
    dims: dict[str, Any] = {"x": ["a", "b"], "c": ["l"]}
    model = model_of([node("Compress", "x c", **attributes)], {"x": floats(3, 4), "c": floats(3) > 0}, dims=dims)
    rows = [((3, 4), 3), ((3, 4), 2), ((5, 5), 5), ((3, 4), 0)]
    agree(model, *({"x": floats(*shape), "c": floats(size) > 0} for shape, size in rows))


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("order", [0, 1])
def test_unique(order: int, axis: int | None, dtype: Any) -> None:
    attributes: dict[str, Any] = {"sorted": order} | ({} if axis is None else {"axis": axis})
    model = model_of([node("Unique", "x", "y i v c", **attributes)], {"x": np.zeros((3, 4), dtype)}, "y i v c", {"x": ["a", "b"]})
    shapes = [(3, 4), (1, 1), (20, 3), (3, 20), (2, 2), (0, 4)]
    agree(model, *({"x": (floats(*shape) * 0.7).round().astype(dtype)} for shape in shapes))


def boxes(batches: int, count: int) -> Array:
    corner, size = rng.random((batches, count, 2)), rng.random((batches, count, 2)) * 0.5
    return np.concatenate([corner, corner + size], -1).astype(np.float32)


@pytest.mark.parametrize("center_point_box", [0, 1])
def test_non_max_suppression(center_point_box: int) -> None:
    scores = rng.random((2, 3, 30)).astype(np.float32)
    limit, one = i64(5), np.array([0.5], np.float32)
    feeds = {"b": boxes(2, 30), "s": scores, "m": limit, "t": one, "k": np.array([0.3], np.float32)}
    dims: dict[str, Any] = {"b": ["B", "n", 4], "s": ["B", "c", "n"]}
    model = model_of([node("NonMaxSuppression", "b s m t k", center_point_box=center_point_box)], feeds, dims=dims)
    swapped = {"b": feeds["b"][..., [2, 3, 0, 1]]}
    small = {"b": boxes(1, 1), "s": scores[:1, :, :1]}
    none, equal = {"k": np.array([2.0], np.float32)}, {"s": scores.round(1)}
    others = [{}, {"m": i64(0)}, {"m": i64(100)}, {"t": one * 0}, {"t": one * 1.8, "k": one}, swapped, small, none, equal]
    agree(model, *({**feeds, **change} for change in others))


@pytest.mark.parametrize("operands", ["b s", "b s m", "b s m t", "b s m _ k"])
def test_non_max_suppression_with_operands_left_out(operands: str) -> None:
    feeds = {"b": boxes(1, 20), "s": rng.random((1, 2, 20)).astype(np.float32), "m": i64(4)}
    feeds |= {"t": scalar(0.5, np.float32), "k": scalar(0.3, np.float32)}
    given = {name: feeds[name] for name in operands.split() if name != "_"}
    agree(model_of([node("NonMaxSuppression", operands)], given), given)
