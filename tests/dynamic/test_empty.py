"""Products and convolutions of nothing: dims of 0, known when compiling or only when running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx_models import Typed, make_model

import tilewright

from .compare import node

Array = NDArray[Any]
PRODUCTS = [(0, 3, 4), (3, 0, 4), (1, 0, 4), (3, 4, 0), (0, 0, 0)]
IMAGES = [(0, 3, 4), (1, 0, 4), (2, 3, 0), (1, 0, 16), (1, 16, 0)]


def run(nodes: Sequence[Any], arrays: dict[str, Array], constants: dict[str, Any], is_open: bool) -> Array:
    """y, with all dims of the inputs left open or none."""
    shapes = {n: [f"{n}{i}" for i in range(a.ndim)] if is_open else a.shape for n, a in arrays.items()}
    inputs = {n: Typed(list(shapes[n]), a.dtype) for n, a in arrays.items()}
    return tilewright.compile(make_model(nodes, inputs, constants=constants), guard=True).run(arrays)["y"]


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("is_weight", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), PRODUCTS)
def test_matmul(m: int, k: int, n: int, dtype: Any, is_weight: bool, is_open: bool) -> None:
    """A sum of nothing still has its bias added."""
    x, w = np.ones((m, k), dtype), np.ones((k, n), dtype)
    nodes, constants = [node("MatMul", "x w", "product"), node("Add", "product b")], {"b": np.full(n, 3, dtype)}
    arrays = {"x": x} if is_weight else {"x": x, "w": w}
    found = run(nodes, arrays, {**constants, **({"w": w} if is_weight else {})}, is_open)
    np.testing.assert_array_equal(found, np.full((m, n), 3, dtype), strict=True)


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize(("m", "k", "n"), PRODUCTS)
def test_integer_matmul(m: int, k: int, n: int, is_open: bool) -> None:
    x, w = np.ones((m, k), np.uint8), np.ones((k, n), np.int8)
    found = run([node("MatMulInteger", "x w")], {"x": x}, {"w": w}, is_open)
    np.testing.assert_array_equal(found, np.zeros((m, n), np.int32), strict=True)


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize(("batch", "inputs", "outputs"), IMAGES)
def test_convolution(op: str, batch: int, inputs: int, outputs: int, is_open: bool) -> None:
    x, filters = np.ones((batch, inputs, 5, 5), np.float32), (outputs, inputs) if op == "Conv" else (inputs, outputs)
    constants = {"w": np.ones((*filters, 3, 3), np.float32), "b": np.full(outputs, 3, np.float32)}
    found = run([node(op, "x w b", pads=[1, 1, 1, 1])], {"x": x}, constants, is_open)
    assert found.shape == (batch, outputs, 5, 5)
    if inputs == 0:
        assert (found == 3).all()
