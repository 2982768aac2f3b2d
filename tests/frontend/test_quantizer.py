"""A small network through onnxruntime's own quantizer, in each form that it writes, against onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import make_model

import tilewright

Array = NDArray[Any]
RNG = np.random.default_rng(3)
quantization: Any = import_module("onnxruntime.quantization")  # without types
shape_inference: Any = import_module("onnxruntime.quantization.shape_inference")


def images(count: int) -> Array:
    return RNG.normal(size=(count, 3, 16, 16)).astype(np.float32)


def network() -> onnx.ModelProto:
    """Convolutions, a residual, a gate, pools and a classifier."""
    shapes = {"w1": (16, 3, 3, 3), "w2": (16, 16, 3, 3), "w3": (8, 16, 1, 1), "w4": (8, 16, 1, 1), "w5": (10, 24)}
    constants = {n: (RNG.normal(size=s) * np.sqrt(2 / np.prod(s[1:]))).astype(np.float32) for n, s in shapes.items()}
    constants |= {n.replace("w", "b"): (RNG.normal(size=s[0]) * 0.1).astype(np.float32) for n, s in shapes.items()}

    def node(op: str, inputs: str, output: str, **how: Any) -> onnx.NodeProto:
        return helper.make_node(op, inputs.split(), [output], name=output, **how)

    nodes = [
        node("Conv", "x w1 b1", "c1", pads=[1] * 4),
        node("LeakyRelu", "c1", "r1", alpha=0.1),
        node("MaxPool", "r1", "m1", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", "m1 w2 b2", "c2", pads=[1] * 4),
        node("Relu", "c2", "r2"),
        node("Add", "r2 m1", "a2"),
        node("Conv", "a2 w3 b3", "c3"),
        node("Sigmoid", "c3", "s3"),
        node("Conv", "a2 w4 b4", "c4"),
        node("Mul", "c4 s3", "gated"),
        node("Concat", "gated a2", "both", axis=1),
        node("AveragePool", "both", "halved", kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", "halved", "means"),
        node("Flatten", "means", "flat"),
        node("Gemm", "flat w5 b5", "scores", transB=1),
        node("Softmax", "scores", "y"),
    ]
    return make_model(nodes, {"x": ("n", 3, 16, 16)}, constants=constants, opset=17, ir_version=8)


class Images:
    """Calibration data."""

    def __init__(self) -> None:
        self.left: Iterator[dict[str, Array]] = iter([{"x": images(2)} for _ in range(4)])

    def get_next(self) -> Any:
        return next(self.left, None)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantizer")
    model = network()
    model.graph.output[0].type.CopyFrom(helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, ["n", 10]))
    (folder / "plain.onnx").write_bytes(model.SerializeToString())
    shape_inference.quant_pre_process(folder / "plain.onnx", folder / "model.onnx", skip_symbolic_shape=True)
    return folder / "model.onnx"


def kinds(path: Path) -> set[str]:
    """The ops in a model."""
    return {node.op_type for node in onnx.ModelProto.FromString(path.read_bytes()).graph.node}


def both(path: Path) -> tuple[Array, Array]:
    """(found, expected); every op as it stands, none fused by onnxruntime."""
    options: Any = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    x = {"x": images(3)}
    (expected,) = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, x)
    (found,) = tilewright.compile(path).run(x).values()
    return found, np.asarray(expected)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("activations", ["QUInt8", "QInt8"])
@pytest.mark.parametrize("form", ["QOperator", "QDQ"])
def test_static(prepared: Path, tmp_path: Path, form: str, activations: str, per_channel: bool) -> None:
    """Ties of a few steps may go the other way: a step of the result is 1 / 256."""
    quantization.quantize_static(
        prepared,
        tmp_path / "q.onnx",
        Images(),
        quant_format=quantization.QuantFormat[form],
        activation_type=quantization.QuantType[activations],
        weight_type=quantization.QuantType.QInt8,
        per_channel=per_channel,
    )
    assert ("QLinearConcat" in kinds(tmp_path / "q.onnx")) == (form == "QOperator")
    found, expected = both(tmp_path / "q.onnx")
    np.testing.assert_allclose(found, expected, atol=5 / 256)


@pytest.mark.parametrize("weights", ["QInt8", "QUInt8"])
def test_dynamic(prepared: Path, tmp_path: Path, weights: str) -> None:
    quantization.quantize_dynamic(prepared, tmp_path / "q.onnx", weight_type=quantization.QuantType[weights])
    found, expected = both(tmp_path / "q.onnx")
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_the_optimizer_writes(prepared: Path, tmp_path: Path) -> None:
    options: Any = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    ort.InferenceSession(str(prepared), options, providers=["CPUExecutionProvider"])
    assert "FusedConv" in kinds(tmp_path / "fused.onnx")
    found, expected = both(tmp_path / "fused.onnx")
    np.testing.assert_allclose(found, expected, atol=1e-5)
