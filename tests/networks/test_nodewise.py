"""A network whose weights amplify rounding is checked node by node.

efficientnet_b0 of the zoo has random weights; values of 1e4 reach its gates, and sigmoid turns their last bits into the first
ones of what follows. Its logits differ by 3e-4 of their largest between two settings of onnxruntime, by 8e-3 between
onnxruntime and OpenVINO, all in f32. So every value is exposed here, and each node is compared with onnxruntime given the
inputs that it had here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, shape_inference

import tilewright

from .conftest import Network

TOLERANCE = 5e-6
"""max|a - b| relative to max|b| of one node's output; about ten times what was seen."""


def exposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every intermediate value as an output."""
    inferred = {v.name: v for v in shape_inference.infer_shapes(model).graph.value_info}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    result.graph.output.extend(inferred[o] for n in model.graph.node for o in n.output if o in inferred)
    return result


def single_nodes(model: onnx.ModelProto, values: dict[str, Any]) -> Iterator[tuple[onnx.ModelProto, dict[str, Any], str]]:
    """Each node as a model of its own, its inputs, and the name of its output."""
    for node in model.graph.node:
        feeds = {name: values[name] for name in node.input if name}
        inputs = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in feeds.items()]
        output = helper.make_empty_tensor_value_info(node.output[0])
        graph = helper.make_graph([node], "node", inputs, [output])
        single = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)
        yield single, feeds, node.output[0]


def test_every_node_agrees_with_onnxruntime_on_the_same_inputs(network: Callable[[str], Network]) -> None:
    ort = pytest.importorskip("onnxruntime", reason="the expected values are onnxruntime's")
    path, inputs, _ = network("efficientnet_b0")
    model = onnx.ModelProto.FromString(path.read_bytes())
    session = tilewright.compile(exposed(model))
    outputs = session.run(inputs)
    for name, guarded in session.with_guard().run(inputs).items():
        np.testing.assert_array_equal(guarded, outputs[name], err_msg=name)
    values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer} | inputs | outputs
    for single, feeds, name in single_nodes(model, values):
        expected = ort.InferenceSession(single.SerializeToString()).run(None, feeds)[0]
        error = np.abs(values[name].astype(np.float64) - expected).max()
        assert error <= TOLERANCE * np.abs(expected).max(), f"{name}: {error:.3e}"
