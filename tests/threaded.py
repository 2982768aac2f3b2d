"""Sessions whose kernels are split as finely as they can be, for tests of threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model

import tilewright
from tilewright.lowering import launch
from tilewright.runtime.session import Session

Array = NDArray[Any]


def split_session(monkeypatch: pytest.MonkeyPatch, model: onnx.ModelProto, **options: Any) -> Session:
    """A session to which every unit of a grid is worth a thread."""
    with monkeypatch.context() as patch:
        patch.setattr(launch, "GRAIN_CYCLES", 1)
        return tilewright.compile(model, **options)


def model_of(name: str) -> tuple[onnx.ModelProto, list[Array]]:
    """A small model by name, with inputs."""
    nodes, shapes, constants = MODELS[name]
    model = make_model(nodes, {f"x{i}": s for i, s in enumerate(shapes)}, constants=constants)
    return model, [random(*s) for s in shapes]


def random(*shape: int) -> Array:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def _node(op: str, inputs: str, output: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], **attributes)


_Row = tuple[Sequence[onnx.NodeProto], Sequence[tuple[int, ...]], dict[str, Array]]
MODELS: dict[str, _Row] = {
    "matmul": ([_node("MatMul", "x0 w", "h"), _node("Relu", "h")], [(300, 200)], {"w": random(200, 150)}),
    "batched matmul": ([_node("MatMul", "x0 x1")], [(6, 40, 50), (6, 50, 33)], {}),
    "conv": ([_node("Conv", "x0 w b", pads=[1, 1, 1, 1])], [(2, 16, 20, 20)], {"w": random(24, 16, 3, 3), "b": random(24)}),
    "depthwise": ([_node("Conv", "x0 w", group=32)], [(1, 32, 30, 31)], {"w": random(32, 1, 3, 3)}),
    "pool": ([_node("MaxPool", "x0", kernel_shape=[3, 3], strides=[2, 2])], [(2, 20, 31, 31)], {}),
    "softmax": ([_node("Softmax", "x0", axis=-1)], [(37, 129)], {}),
    "softmax of columns": ([_node("Softmax", "x0", axis=0)], [(37, 129)], {}),
    "layer norm": ([_node("LayerNormalization", "x0 s b")], [(50, 96)], {"s": random(96), "b": random(96)}),
    "sum of rows": ([_node("ReduceSum", "x0 a", keepdims=0)], [(70, 1003)], {"a": np.array([1])}),
    "mean of columns": ([_node("ReduceMean", "x0 a", keepdims=0)], [(1003, 70)], {"a": np.array([0])}),
    "elementwise": ([_node("Tanh", "x0", "h"), _node("Mul", "h x1")], [(123, 457), (457,)], {}),
    "transpose": ([_node("Transpose", "x0", perm=[2, 0, 1])], [(17, 33, 65)], {}),
    "concat": ([_node("Concat", "x0 x1", axis=1)], [(40, 30), (40, 51)], {}),
    "gather": ([_node("Gather", "x0 i", axis=0)], [(40, 30)], {"i": np.arange(39, -1, -1)}),
    "resize": (
        [_node("Resize", "x0 none s", mode="linear")],
        [(1, 3, 20, 20)],
        {"none": random(0), "s": random(4) * 0 + [1, 1, 2, 2]},
    ),
    "cumsum": ([_node("CumSum", "x0 a")], [(31, 57)], {"a": np.array(1)}),
}
"""Nodes, shapes of the inputs x0, x1, ... and constants."""


def gather_model() -> onnx.ModelProto:
    """y = x[i] for i of shape [n]: a kernel that reports an index out of range."""
    node = helper.make_node("Gather", ["x", "i"], ["y"], name="lookup")
    return make_model([node], {"x": (100, 16), "i": Typed(("n",), np.int64)})


def growing_model() -> onnx.ModelProto:
    """y = softmax of the k largest in each row of x: rows, and the scratch memory that they need, are known during the run."""
    nodes = [
        helper.make_node("TopK", ["x", "k"], ["v", "i"], axis=1),
        helper.make_node("Softmax", ["v"], ["s"], axis=1),
        helper.make_node("Neg", ["s"], ["y"]),
    ]
    return make_model(nodes, {"x": (40, 3000), "k": Typed((1,), np.int64)})
