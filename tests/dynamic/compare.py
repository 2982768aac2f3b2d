"""One compilation, many runs: each against onnxruntime, on ordinary buffers and on buffers that end at a protected page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model

import tilewright
from tilewright.errors import TilewrightError

Array = NDArray[Any]
Feeds = Mapping[str, Array]


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    """A node; names are separated by spaces, `_` stands for an input left out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), **attributes)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    feeds: Feeds,
    outputs: str = "y",
    dims: Mapping[str, Sequence[int | str]] | None = None,
    constants: Mapping[str, Any] | None = None,
    opset: int = 19,
) -> onnx.ModelProto:
    """A model with inputs of the dtypes of these feeds, and of their shapes where `dims` gives no others."""
    inputs = {name: Typed(list((dims or {}).get(name, a.shape)), a.dtype) for name, a in feeds.items()}
    return make_model(nodes, inputs, outputs.split(), constants, opset, ir_version=9)


def agree(model: onnx.ModelProto, *runs: Feeds, tolerance: float = 1e-5) -> None:
    """Every run gives what onnxruntime gives; where that fails, a clean error."""
    ort = pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    peer = ort.InferenceSession(typed(model).SerializeToString(), options)
    session = tilewright.compile(model)
    for feeds in runs:
        try:
            wanted = peer.run(None, dict(feeds))
        except Exception:
            wanted = None
        for variant in (session, session.with_guard()):
            if wanted is None:
                with pytest.raises(TilewrightError):
                    variant.run(feeds)
            else:
                _compare(list(variant.run(feeds).values()), wanted, tolerance)


def typed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the types of its outputs, which onnxruntime wants."""
    return onnx.shape_inference.infer_shapes(model)


def _compare(found: Sequence[Array], wanted: Sequence[Array], tolerance: float) -> None:
    for got, want in zip(found, wanted, strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=1e-6)


def i64(*values: int) -> Array:
    return np.array(values, np.int64)


def scalar(value: float, dtype: Any = np.int64) -> Array:
    return np.array(value, dtype)
