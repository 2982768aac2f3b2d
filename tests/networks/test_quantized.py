"""In quantized networks every integer is right: products exactly, quantized values up to ties.

Outputs of such networks agree only roughly (`test_zoo.py`). Here the operands and results of their quantization nodes are
exposed, and each node is computed again from the operands that it had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

import tilewright

from .conftest import Network

Array = NDArray[Any]
LAYERS = 12
"""Nodes of each kind that are looked at: those of the first layers, where everything occurs."""


def exposed(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> onnx.ModelProto:
    """The model with the operands and results of some nodes as its outputs."""
    constants = {i.name for i in model.graph.initializer} | {i.name for i in model.graph.input}
    names = dict.fromkeys(v for n in nodes for v in (*n.input, *n.output) if v and v not in constants)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.output[:]
    result.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return result


def product(values: dict[str, Array], node: onnx.NodeProto) -> Array:
    a, b, *zeros = (values[name].astype(np.int64) for name in node.input)
    left, right = (*zeros, 0, 0)[:2]
    return ((a - left) @ (b - right)).astype(np.int32)


def quantized(values: dict[str, Array], node: onnx.NodeProto) -> list[Array]:
    """ONNX's definition of DynamicQuantizeLinear in f32."""
    x = values[node.input[0]]
    high, low = np.maximum(x.max(), np.float32(0)), np.minimum(x.min(), np.float32(0))
    scale = (high - low) / np.float32(255)
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return [np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8), scale, zero.astype(np.uint8)]


def test_every_integer_of_bert(network: Callable[[str], Network]) -> None:
    path, inputs, _ = network("bert_base_int8_dynamic")
    model = onnx.ModelProto.FromString(path.read_bytes())
    kinds = {k: [n for n in model.graph.node if n.op_type == k][:LAYERS] for k in ("MatMulInteger", "DynamicQuantizeLinear")}
    values: dict[str, Array] = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer} | inputs
    values |= tilewright.compile(exposed(model, [n for nodes in kinds.values() for n in nodes])).run(inputs)
    for node in kinds["MatMulInteger"]:
        np.testing.assert_array_equal(values[node.output[0]], product(values, node), err_msg=node.name)
    for node in kinds["DynamicQuantizeLinear"]:
        for name, expected in zip(node.output, quantized(values, node), strict=True):
            np.testing.assert_array_equal(values[name], expected, err_msg=name)
