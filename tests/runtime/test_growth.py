"""Memory that grows during a run: what happens where there is none, and after an interrupt on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

import tilewright
from tilewright.errors import RunError
from tilewright.runtime import host_calls

FLOAT, INT64, STRING = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.STRING


def test_a_run_without_memory_leaves_the_session_as_it_was() -> None:
    nodes = [helper.make_node("ConstantOfShape", ["dims"], ["zeros"]), helper.make_node("Exp", ["zeros"], ["y"])]
    inputs = [helper.make_tensor_value_info("dims", INT64, [2])]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", FLOAT, [None, None])])
    session = tilewright.compile(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))
    assert session.run({"dims": np.array([1000, 1000])})["y"].sum() == 1_000_000
    with pytest.raises(RunError, match="no memory"):
        session.run({"dims": np.array([1 << 20, 1 << 23])})  # 32 TiB
    for side in (900, 30, 1000):
        assert session.run({"dims": np.array([side, side])})["y"].sum() == side**2


def test_an_interrupt_on_the_host_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    text = helper.make_tensor_value_info("x", STRING, [None])
    nodes = [helper.make_node("StringConcat", ["x", "x"], ["y"])]
    graph = helper.make_graph(nodes, "g", [text], [helper.make_tensor_value_info("y", STRING, [None])])
    session = tilewright.compile(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))

    def interrupted(operands: Sequence[Any]) -> Sequence[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(host_calls, "evaluator", lambda node, opsets: interrupted)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]  # stands in for one of known types
        with pytest.raises(KeyboardInterrupt):
            session.run({"x": ["a"]})
    assert session.run({"x": ["a"]})["y"].tolist() == ["aa"]
