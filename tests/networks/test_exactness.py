"""Networks in float32 are as exact as onnxruntime's, measured against the same network in float64.

efficientnet_b0 of the zoo has random weights that amplify rounding: in float32, onnxruntime with its optimizations is off by 5e-4
of the largest logit, and without them by 8e-4. No tolerance against another float32 result says which of the two is off; the
reference evaluator of the `onnx` package, run in float64, does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

import tilewright

from .conftest import Network

Array = NDArray[Any]
LEEWAY = 2.0
"""Our largest error may be so many times onnxruntime's."""


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every float32 tensor as float64, the same values."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    constants = [a.t for node in wide.graph.node for a in node.attribute if a.type == onnx.AttributeProto.TENSOR]
    for tensor in (*wide.graph.initializer, *constants):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    del wide.graph.value_info[:]
    for value in (*wide.graph.input, *wide.graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    assert not any(node.op_type == "Cast" for node in wide.graph.node), "casts to float32 would narrow again"
    return wide


def in_float64(model: onnx.ModelProto, inputs: dict[str, Array]) -> Array:
    """The first output, computed by the reference evaluator in float64."""
    feeds = {name: array.astype(np.float64) for name, array in inputs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its sigmoid overflows on the way to the right value
        evaluator: Any = ReferenceEvaluator(widened(model))
        exact: Array = evaluator.run(None, feeds)[0]
    assert exact.dtype == np.float64
    return exact


def error(found: Array, exact: Array) -> float:
    """max|a - b| relative to max|b|."""
    return float(np.abs(found - exact).max() / np.abs(exact).max())


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2"])
def test_as_exact_as_onnxruntime(network: Callable[[str], Network], name: str) -> None:
    ort = pytest.importorskip("onnxruntime", reason="its error is the measure")
    path, inputs, _ = network(name)
    exact = in_float64(onnx.ModelProto.FromString(path.read_bytes()), inputs)
    (ours, *_) = tilewright.compile(path).run(inputs).values()
    (theirs, *_) = ort.InferenceSession(str(path)).run(None, inputs)
    assert error(ours, exact) <= LEEWAY * error(theirs, exact)


def test_a_network_in_float64(network: Callable[[str], Network]) -> None:
    path, inputs, _ = network("squeezenet1_1")
    model = onnx.ModelProto.FromString(path.read_bytes())
    feeds = {name: array.astype(np.float64) for name, array in inputs.items()}
    (ours, *_) = tilewright.compile(widened(model)).run(feeds).values()
    assert error(ours, in_float64(model, inputs)) < 1e-14
