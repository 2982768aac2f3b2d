"""Dims whose buffers no machine could hold: an error before anything is allocated, also where 64 bits would wrap around."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from onnx_models import Typed, make_model

import tilewright
from tilewright.errors import BadInputError


def outer_sum() -> tilewright.Session:
    """The sum of an N x M product over a K that may be 0, so that small inputs ask for a large arena."""
    nodes = [
        helper.make_node("MatMul", ["x", "z"], ["product"], name="product"),
        helper.make_node("ReduceSum", ["product"], ["y"], name="sum", keepdims=0),
    ]
    inputs = {"x": Typed(["N", "K"], np.float32), "z": Typed(["K", "M"], np.float32)}
    return tilewright.compile(make_model(nodes, inputs))


@pytest.mark.parametrize(("rows", "columns"), [(2**20, 2**30), (2**32, 2**32), (2**31, 2**33), (2**33, 2**31 + 1)])
def test_an_arena_beyond_64_bits_is_refused(rows: int, columns: int) -> None:
    session = outer_sum()
    feeds = {"x": np.zeros((rows, 0), np.float32), "z": np.zeros((0, columns), np.float32)}
    with pytest.raises(BadInputError, match="bytes at most"):
        session.run(feeds)
    small = session.run({"x": np.ones((3, 2), np.float32), "z": np.ones((2, 4), np.float32)})
    assert small["y"] == 24


def test_sizes_by_division_are_limited_before_it() -> None:
    """Every third row of a product: the size of the result is a quotient of what may not fit."""
    nodes = [
        helper.make_node("MatMul", ["x", "z"], ["product"], name="product"),
        helper.make_node("Reshape", ["product", "flat"], ["line"], name="flatten"),
        helper.make_node("Slice", ["line", "start", "end", "axis", "step"], ["part"], name="part"),
        helper.make_node("ReduceSum", ["part"], ["y"], name="sum", keepdims=0),
    ]
    constants = {
        name: np.array([value], np.int64) for name, value in {"flat": -1, "start": 0, "end": 2**62, "axis": 0, "step": 3}.items()
    }
    inputs = {"x": Typed(["N", "K"], np.float32), "z": Typed(["K", "M"], np.float32)}
    session = tilewright.compile(make_model(nodes, inputs, constants=constants))
    assert session.run({"x": np.ones((3, 2), np.float32), "z": np.ones((2, 4), np.float32)})["y"] == 8
    with pytest.raises(BadInputError, match="bytes at most"):
        session.run({"x": np.zeros((2**32, 0), np.float32), "z": np.zeros((0, 2**32), np.float32)})
