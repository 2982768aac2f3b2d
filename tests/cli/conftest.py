"""A small model for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


def gemm_relu() -> onnx.ModelProto:
    """relu(x @ w + b) with a dynamic batch; nodes "gemm" and "relu", value "hidden" between them."""
    rng = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(rng.standard_normal((64, 32)).astype(np.float32), "w"),
        numpy_helper.from_array(rng.standard_normal(32).astype(np.float32), "b"),
    ]
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["hidden"], name="gemm"),
        helper.make_node("Relu", ["hidden"], ["y"], name="relu"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 32])
    graph = helper.make_graph(nodes, "gemm_relu", [x], [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of ``gemm_relu``."""
    path = tmp_path_factory.mktemp("models") / "gemm_relu.onnx"
    path.write_bytes(gemm_relu().SerializeToString())
    return path
