"""Reshape, Slice, Pad and their like with targets, bounds and axes that are inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx_models import output_dims

import tilewright
from tilewright.errors import RunError

from .compare import Array, agree, i64, model_of, node, scalar

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("allowzero", [0, 1])
def test_reshape(allowzero: int) -> None:
    model = model_of([node("Reshape", "x t", allowzero=allowzero)], {"x": X, "t": i64(0, 0)})
    targets = [(6, 4), (-1, 4), (0, -1), (0, 12), (-1, -1), (5, -1), (-2, 12), (0, 0), (1, 24)]
    agree(model, *({"x": X, "t": i64(*t)} for t in targets))


def test_reshape_of_symbolic_dims() -> None:
    model = model_of([node("Reshape", "x t")], {"x": X, "t": i64(0, 0)}, dims={"x": ["a", "b", 4]})
    agree(model, *({"x": X[:n], "t": i64(*t)} for n, t in [(2, (6, 4)), (1, (-1, 4)), (2, (0, -1)), (1, (6, 4))]))


def test_shape_arithmetic_goes_on_behind_what_was_bound() -> None:
    nodes = [node("Reshape", "x t", "r"), node("Shape", "r", "s"), node("Mul", "s two", "d"), node("Tile", "r two", "w")]
    nodes += [node("Reshape", "w d", "y")]
    model = model_of(nodes, {"x": X, "t": i64(0, 0)}, constants={"two": i64(2, 2)})
    agree(model, *({"x": X, "t": i64(*t)} for t in [(6, 4), (-1, 4), (24, 1)]))


def test_what_is_known_of_a_target_stays() -> None:
    nodes = [node("Shape", "x", "s", end=1), node("Concat", "s t c", "r", axis=0), node("Reshape", "x r")]
    model = model_of(nodes, {"x": X, "t": i64(3)}, dims={"x": ["n", 3, 4]}, constants={"c": i64(-1, 2)})
    assert output_dims(model) == ["n", "s2", "s3", "2"]
    agree(model, *({"x": X[:n], "t": i64(t)} for n, t in [(2, 3), (1, 6), (2, 2), (2, 5)]))


def test_slice() -> None:
    model = model_of([node("Slice", "x s e")], {"x": X, "s": i64(0, 0), "e": i64(0, 0)})
    far = ((0, 0), (2**63 - 1, -(2**63)))
    bounds = [((0, 0), (1, 2)), ((-1, 1), (9, -1)), ((1, 2), (1, 1)), ((-9, -9), (9, 9)), far]
    agree(model, *({"x": X, "s": i64(*s), "e": i64(*e)} for s, e in bounds))


def test_slice_by_axes_and_steps() -> None:
    two = i64(0, 0)
    model = model_of([node("Slice", "x s e a p")], {"x": X, "s": two, "e": two, "a": two, "p": two})
    rows = [
        ((0, 0), (1, 2), (0, 1), (1, 1)),
        ((-1, 1), (9, -1), (-1, 1), (2, 1)),
        ((9, 9), (-9, -9), (2, 0), (-1, -2)),
        ((3, 2), (0, 0), (2, 1), (-2, -1)),
        ((0, 0), (1, 1), (0, 1), (0, 1)),
        ((0, 0), (1, 1), (0, 5), (1, 1)),
        ((0, 0), (4, 2), (2, 0), (2**62, 2**63 - 1)),
    ]
    agree(model, *({"x": X, **{k: i64(*v) for k, v in zip("seap", row, strict=True)}} for row in rows))


def test_slice_by_known_axes_and_steps() -> None:
    feeds = {"x": X, "s": i64(0, 0), "e": i64(0, 0)}
    model = model_of([node("Slice", "x s e a p")], feeds, constants={"a": i64(2, 0), "p": i64(-1, 1)})
    bounds = [((0, 0), (1, 2)), ((-1, 1), (-9, 9)), ((3, 0), (0, 2))]
    agree(model, *({"x": X, "s": i64(*s), "e": i64(*e)} for s, e in bounds))


def test_squeeze_and_unsqueeze() -> None:
    thin = X.reshape(2, 1, 3, 1, 4)
    model = model_of([node("Squeeze", "x a")], {"x": thin, "a": i64(1, 3)})
    agree(model, *({"x": thin, "a": i64(*a)} for a in [(1, 3), (-2, 1), (0, 1), (1, 7), (3, 1)]))
    model = model_of([node("Unsqueeze", "x a")], {"x": X, "a": i64(1, 3)})
    agree(model, *({"x": X, "a": i64(*a)} for a in [(1, 3), (-2, 1), (0, 1), (1, 7), (3, 1), (4, 0), (0, -1)]))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_pad(mode: str) -> None:
    pads = [(1, 1, 1, 0, 1, 2), (0,) * 6, (-1, 0, 0, 0, 0, 0), (0, 0, 0, 1, -1, 0), (0, 0, -3, 0, 0, -3)]
    feeds = {"x": X, "p": i64(*pads[0]), "v": scalar(3, np.float32)}
    model = model_of([node("Pad", "x p v", mode=mode)], feeds)
    agree(model, *({**feeds, "p": i64(*p)} for p in pads))


def test_pad_of_axes() -> None:
    feeds = {"x": X, "p": i64(0, 0, 0, 0), "a": i64(0, 1)}
    model = model_of([node("Pad", "x p _ a")], feeds)
    rows = [((0, 1), (1, 2, 3, 4)), ((-1, 0), (1, 2, 0, 1)), ((2, 4), (0, 0, 0, 0))]
    agree(model, *({**feeds, "p": i64(*p), "a": i64(*a)} for a, p in rows))


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("kind", ["Sum", "Mean", "Max", "LogSumExp", "L2"])
def test_reductions(kind: str, keepdims: int) -> None:
    model = model_of([node(f"Reduce{kind}", "x a", keepdims=keepdims)], {"x": X, "a": i64(0, 0)})
    agree(model, *({"x": X, "a": i64(*a)} for a in [(1, 2), (-1, 0), (0, 1), (1, 7)]))


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_range(dtype: Any) -> None:
    rows = [(0, 10, 3), (10, 0, -3), (0, 10, -1), (5, 5, 1), (3, 4, 100)]
    rows += [(0, 10, 0), (5, -5, -(1 << 63)), (5, 9, -(1 << 63))] if dtype == np.int64 else [(0.5, 3.75, 0.25)]
    feeds = {name: scalar(0, dtype) for name in "sld"}
    model = model_of([node("Range", "s l d")], feeds)
    agree(model, *({k: scalar(v, dtype) for k, v in zip("sld", row, strict=True)} for row in rows))


def test_repetition_and_parts() -> None:
    x = X.reshape(4, 6)
    agree(model_of([node("Tile", "x n")], {"x": x, "n": i64(1, 1)}), *({"x": x, "n": i64(*n)} for n in [(2, 3), (0, 4), (1, -1)]))
    model = model_of([node("Split", "x n", "y z", axis=1)], {"x": x, "n": i64(1, 1)}, "y z")
    agree(model, *({"x": x, "n": i64(*n)} for n in [(1, 5), (3, 3), (0, 6), (7, -1), (2, 2)]))


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_one_hot(dtype: Any) -> None:
    feeds = {"i": i64(0, 1, 5, -1, 7), "d": scalar(6, dtype), "v": np.array([2, 5], np.float32)}
    agree(model_of([node("OneHot", "i d v", axis=1)], feeds), *({**feeds, "d": scalar(n, dtype)} for n in (1, 6, 9)))


def test_identity_matrix_of_symbolic_dims() -> None:
    model = model_of([node("EyeLike", "x", k=1)], {"x": X[0]}, dims={"x": ["a", "b"]})
    agree(model, *({"x": np.zeros(shape, np.float32)} for shape in [(3, 4), (1, 1), (5, 2)]))


@pytest.mark.parametrize("shape", [(-2, 5), (1 << 40, 1 << 40), (1 << 20, 1 << 24)])
def test_shapes_that_no_tensor_has(shape: tuple[int, int]) -> None:
    """Negative, beyond 64 bits, beyond the memory: an error, and the session goes on."""
    session = tilewright.compile(model_of([node("ConstantOfShape", "n")], {"n": i64(0, 0)}))
    with pytest.raises(RunError):
        session.run({"n": i64(*shape)})
    assert _only(session.run({"n": i64(2, 3)})).shape == (2, 3)


def _only(outputs: dict[str, Array]) -> Array:
    (array,) = outputs.values()
    return array
