"""Strided transposed convolutions as ordinary ones: the values of onnxruntime, and where an infinity goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import make_model, native, onnxruntime_outputs

import tilewright
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects.graph.linalg import ConvOp

Array = NDArray[Any]
Ints = Sequence[int]

CASES: list[tuple[Ints, Ints, Ints, Ints, Ints]] = [
    # spatial dims, kernel, strides, pads, output padding
    ((7,), (4,), (2,), (1, 1), (0,)),
    ((5,), (16,), (8,), (4, 4), (0,)),
    ((5,), (9,), (3,), (0, 2), (1,)),
    ((6, 9), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0)),
    ((4, 3), (4, 6), (2, 3), (0, 1, 3, 2), (1, 0)),
    ((4, 5), (3, 4), (1, 2), (1, 1, 1, 1), (0, 0)),
    ((3, 4, 2), (4, 2, 4), (2, 2, 2), (1, 0, 1, 1, 0, 1), (0, 1, 0)),
]


def model_of(kernel: Ints, strides: Ints, pads: Ints, extra: Ints, batch: int | str = 2) -> onnx.ModelProto:
    rng = np.random.default_rng(3)
    node = helper.make_node(
        "ConvTranspose", ["x", "w", "b"], ["y"], strides=strides, pads=pads, output_padding=extra, kernel_shape=kernel
    )
    constants = {"w": rng.normal(size=(5, 6, *kernel)).astype(np.float32), "b": rng.normal(size=6).astype(np.float32)}
    return make_model([node], {"x": [batch, 5, *("hwd"[i] for i in range(len(kernel)))]}, constants=constants)


def was_expanded(model: onnx.ModelProto) -> bool:
    module = compile_to_ir(model, CompileOptions(until="graph")).module
    return any(isinstance(op, ConvOp) for op in module.walk())


@pytest.mark.parametrize(("size", "kernel", "strides", "pads", "extra"), CASES)
def test_agrees_with_onnxruntime(size: Ints, kernel: Ints, strides: Ints, pads: Ints, extra: Ints):
    model = model_of(kernel, strides, pads, extra)
    assert was_expanded(model)
    x = np.random.default_rng(5).normal(size=(2, 5, *size)).astype(np.float32)
    ours = native(model, x)[0]
    np.testing.assert_allclose(ours, onnxruntime_outputs(model, x)[0], rtol=1e-4, atol=1e-5)


def test_an_infinity_reaches_as_far_as_before():
    """No tap is added that would make a NaN of it."""
    model = model_of((4, 4), (2, 2), (1, 1, 1, 1), (0, 0))
    x = np.ones((2, 5, 4, 4), np.float32)
    x[0, 1, 2, 2] = np.inf
    ours = tilewright.compile(model).run({"x": x})["y"]
    plain = tilewright.compile(model, disable_pass=["expand-transposed-convs"]).run({"x": x})["y"]
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(plain))
    np.testing.assert_array_equal(ours[~np.isfinite(ours)], plain[~np.isfinite(plain)])


@pytest.mark.parametrize(("kernel", "strides", "pads"), [((3,), (2,), (1, 1)), ((2,), (2,), (0, 0)), ((4,), (2,), (4, 0))])
def test_left_alone(kernel: Ints, strides: Ints, pads: Ints):
    """Unequal numbers of taps; blocks side by side; a first output beyond the first input's reach."""
    assert not was_expanded(model_of(kernel, strides, pads, [0]))
