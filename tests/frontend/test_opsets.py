"""REWRITE S5: the forms that ops had in older opsets become today's, with the same values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model, op_names, run

Array = NDArray[Any]


def floats(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


One: TypeAlias = Callable[[Any], Any]
Two: TypeAlias = Callable[[Any, Any], Any]
Three: TypeAlias = Callable[[Any, Any, Any], Any]
Five: TypeAlias = Callable[[Any, Any, Any, Any, Any], Any]
Expected: TypeAlias = One | Two | Three | Five


def at_front(a: Array, b: Array) -> Array:
    return a - b[:, None, None, None]


@dataclass
class Case:
    """A node at an opset. The expected value comes from `expected`, or from onnxruntime, which starts at opset 7."""

    op: str
    opset: int
    inputs: Sequence[Array]
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    expected: Expected | None = None
    constants: Sequence[Any] = ()
    """Operands after the inputs that are initializers."""
    outputs: int = 1

    def __str__(self) -> str:
        return f"{self.op}-{self.opset}"

    def model(self) -> onnx.ModelProto:
        inputs = {f"x{i}": Typed(x.shape, x.dtype) for i, x in enumerate(self.inputs)}
        constants = {f"c{i}": np.asarray(c) for i, c in enumerate(self.constants)}
        node = helper.make_node(self.op, [*inputs, *constants], ["y", *["z"] * (self.outputs - 1)], **self.attributes)
        return make_model([node], inputs, constants=constants, opset=self.opset, ir_version=8)


X4 = floats(2, 3, 4, 5)

CASES = [
    # attributes that became operands
    Case("Reshape", 1, [X4], {"shape": [0, -1, 5]}, lambda x: x.reshape(2, 12, 5)),
    Case("Reshape", 5, [X4], constants=[[0, -1, 5]], expected=lambda x: x.reshape(2, 12, 5)),
    Case("Squeeze", 11, [floats(1, 3, 1)], {"axes": [-1]}),
    Case("Unsqueeze", 11, [X4], {"axes": [0, -1]}),
    Case("Slice", 9, [X4], {"starts": [1, -3], "ends": [10, -1], "axes": [1, 3]}),
    Case("Slice", 1, [X4], {"starts": [0, 1], "ends": [1, 3]}, lambda x: x[0:1, 1:3]),
    Case("Pad", 2, [X4], {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": 2.5}, lambda x: np.pad(
        x, [(0, 0), (0, 0), (1, 0), (2, 1)], constant_values=2.5)),
    Case("Pad", 1, [X4], {"paddings": [0, 0, 1, 0, 0, 0, 1, 0], "mode": "reflect"}, lambda x: np.pad(
        x, [(0, 0), (0, 0), (1, 1), (0, 0)], mode="reflect")),
    Case("Clip", 6, [X4], {"min": -0.5, "max": 0.25}),
    Case("Clip", 6, [X4], {"max": 0.25}),
    Case("ReduceSum", 11, [X4], {"axes": [1, -1], "keepdims": 0}),
    Case("ReduceMean", 13, [X4], {"axes": [2]}),
    Case("TopK", 9, [floats(3, 7)], {"k": 2}, outputs=2),
    Case("Split", 2, [X4], {"axis": 3, "split": [5]}, lambda x: x),
    Case("Upsample", 7, [X4], {"scales": [1.0, 1.0, 2.0, 3.0]}),
    Case("Upsample", 9, [X4], {"mode": "nearest"}, constants=[np.array([1, 1, 2, 2], np.float32)]),
    Case("Upsample", 9, [X4], {"mode": "linear"}, constants=[np.array([1, 1, 2, 2], np.float32)]),
    Case("Upsample", 1, [X4], {"height_scale": 2.0, "width_scale": 1.0}, lambda x: np.repeat(x, 2, 2)),
    Case("Resize", 10, [X4], {"mode": "nearest"}, constants=[np.array([1, 1, 2, 2], np.float32)]),
    Case("Resize", 10, [X4], {"mode": "linear"}, constants=[np.array([1, 1, 1.5, 2], np.float32)]),
    Case("Tile", 1, [X4], constants=[np.array(2), np.array(1)], expected=lambda x: np.tile(x, (1, 2, 1, 1))),
    Case("Dropout", 7, [X4], {"ratio": 0.3}),
    Case("Dropout", 6, [X4], {"is_test": 1}, lambda x: x),
    Case("Cast", 1, [X4], {"to": "INT32"}, lambda x: x.astype(np.int32)),
    # broadcasting that had to be asked for, aligned at an axis
    Case("Add", 6, [X4, floats(3, 4)], {"broadcast": 1, "axis": 1}, lambda a, b: a + b[:, :, None]),
    Case("Mul", 6, [X4, floats(4, 5)], {"broadcast": 1}, lambda a, b: a * b),
    Case("Sub", 1, [X4, floats(2)], {"broadcast": 1, "axis": 0, "consumed_inputs": [0]}, at_front),
    Case("Div", 6, [X4, np.array(4, np.float32)], {"broadcast": 1}, lambda a, b: a / b),
    Case("Pow", 1, [np.abs(X4), floats(5)], {"broadcast": 1}, lambda a, b: a**b),
    Case("Greater", 1, [X4, floats(3)], {"broadcast": 1, "axis": 1}, lambda a, b: a > b[:, None, None]),
    Case("Gemm", 6, [floats(2, 3), floats(3, 4), floats(4)], {"broadcast": 1, "alpha": 0.5}, lambda a, b, c: 0.5 * a @ b + c),
    Case("PRelu", 6, [X4, floats(3)], {}, lambda x, s: np.maximum(x, 0) + np.minimum(x, 0) * s[:, None, None]),
    # softmax over all dims from the axis on
    Case("Softmax", 11, [X4], {"axis": 1}),
    Case("Softmax", 11, [X4], {"axis": 3}),
    Case("LogSoftmax", 9, [X4], {"axis": 2}),
    Case("Softmax", 1, [floats(2, 5)], {}, lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    Case("Hardmax", 11, [X4], {"axis": 1}),
    # variadic ops before they broadcast, defaults that changed
    Case("Max", 6, [X4, X4 * 2], {}, np.maximum),
    Case("Sum", 1, [X4, X4], {"consumed_inputs": [0]}, lambda a, b: a + b),
    Case("Concat", 1, [X4, X4], {}, lambda a, b: np.concatenate([a, b], 1)),
    Case("Selu", 1, [X4], {}, lambda x: 1.0507 * (np.maximum(x, 0) + 1.6732 * np.expm1(np.minimum(x, 0)))),
    Case("Scatter", 9, [floats(3, 3), np.array([[1, 0, 2]]), floats(1, 3)], {"axis": 0}),
    Case("BatchNormalization", 7, [X4, *(np.abs(floats(3, seed=i)) for i in range(4))], {"epsilon": 1e-3}),
    Case("BatchNormalization", 6, [X4, *(np.abs(floats(3, seed=i)) for i in range(4))], {"is_test": 1}, lambda x, s, b, m, v: (
        s[:, None, None] * (x - m[:, None, None]) / np.sqrt(v[:, None, None] + 1e-5) + b[:, None, None])),
    Case("GroupNormalization", 18, [floats(2, 4, 3), floats(2), floats(2)], {"num_groups": 2}, lambda x, s, b: np.concatenate([
        s[g] * (p - p.mean((1, 2), keepdims=True)) / np.sqrt(p.var((1, 2), keepdims=True) + 1e-5) + b[g]
        for g, p in enumerate(np.split(x, 2, 1))], 1)),
    # pads that are worked out
    Case("MaxPool", 8, [X4], {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    Case("AveragePool", 7, [X4], {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER", "count_include_pad": 1}),
    Case("Conv", 11, [X4, floats(6, 3, 3, 3)], {"strides": [2, 1], "auto_pad": "SAME_LOWER"}),
    Case("Conv", 11, [X4, floats(6, 1, 2, 2), floats(6)], {"group": 3, "auto_pad": "VALID"}),
    Case("ConvTranspose", 11, [X4, floats(3, 2, 3, 3)], {"strides": [2, 2], "output_shape": [8, 10]}),
    Case("ConvTranspose", 11, [X4, floats(3, 2, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    Case("LpPool", 2, [X4], {"kernel_shape": [2, 2], "p": 3}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_old_forms(case: Case):
    model = case.model()
    found = run(model, *case.inputs)[0]
    if case.expected is not None:
        wanted = np.asarray(cast(Callable[..., Any], case.expected)(*case.inputs))
    else:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        wanted = np.asarray(session.run(None, {f"x{i}": x for i, x in enumerate(case.inputs)})[0])
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("case", "ops"),
    [
        (Case("Identity", 13, [X4]), []),
        (Case("Dropout", 7, [X4]), []),
        (Case("Reshape", 13, [X4], constants=[[2, 3, 4, -1]]), []),
        (Case("Slice", 13, [X4], constants=[[0], [1 << 62]]), []),
        (Case("Expand", 13, [X4], constants=[[1, 1]]), []),
        (Case("Flatten", 13, [X4]), ["reshape"]),
        (Case("Softmax", 11, [X4], {"axis": 1}), ["reshape", "softmax", "reshape"]),
        (Case("Gather", 13, [X4], {"axis": 1}, constants=[-1]), ["slice", "reshape"]),
        (Case("GlobalAveragePool", 1, [X4]), ["reduce"]),
        (Case("Gemm", 13, [floats(2, 3), floats(4, 3), floats(4)], {"transB": 1}), ["matmul", "add"]),
        (Case("Clip", 13, [X4], constants=[np.float32(0), np.float32(6)]), ["clip"]),
        (Case("DepthToSpace", 13, [floats(1, 8, 2, 2)], {"blocksize": 2}), ["reshape", "transpose", "reshape"]),
        (Case("Tile", 13, [X4], constants=[[1, 2, 1, 1]]), ["reshape", "broadcast", "reshape"]),
        (Case("HardSwish", 14, [X4]), ["hard_swish"]),
        (Case("MeanVarianceNormalization", 13, [X4]), ["reduce", "pow", "pow", "reduce", "sub", "sqrt", "sub", "add", "div"]),
    ],
    ids=str,
)
def test_what_it_becomes(case: Case, ops: list[str]):
    assert op_names(case.model()) == ops
