"""Strings, sequences and optionals: what callers pass and get, beside numeric code, and in control flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import tilewright
from tilewright.errors import BadInputError, RunError, UnsupportedOpError

FLOAT, INT64, STRING = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.STRING


def compiled(nodes: list[onnx.NodeProto], inputs: list[Any], outputs: list[Any], *tensors: Any) -> Any:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(tensors))
    return tilewright.compile(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))


def strings(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, STRING, [None])


def floats(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOAT, shape)


def test_strings_go_in_and_out():
    suffix = numpy_helper.from_array(np.array(["!"], object), "suffix")
    session = compiled([helper.make_node("StringConcat", ["x", "suffix"], ["y"])], [strings("x")], [strings("y")], suffix)
    for given in (["a", "b"], np.array(["one", "two", "three"])):
        assert session.run({"x": given})["y"].tolist() == [f"{s}!" for s in given]
    assert session.inputs[0].kind == "tensor(string)"
    with pytest.raises(BadInputError, match="an array of strings"):
        session.run({"x": np.ones(2)})


def test_what_comes_out_of_strings_is_computed_with_natively():
    nodes = [
        helper.make_node("StringSplit", ["x"], ["parts", "count"], delimiter=" "),
        helper.make_node("Cast", ["count"], ["f"], to=FLOAT),
        helper.make_node("Mul", ["f", "f"], ["y"]),
    ]
    session = compiled(nodes, [strings("x")], [floats("y", [None])])
    kernels = [launch.kernel for launch in session.executable.interface.launches]
    assert len(session.executable.interface.calls) == 2 and any("mul" in kernel for kernel in kernels)
    for run_in in (session, session.with_guard()):
        assert run_in.run({"x": ["a b c", "d", "e f"]})["y"].tolist() == [9, 1, 4]
        assert run_in.run({"x": ["a b"]})["y"].tolist() == [4]


def test_a_sequence_in_a_loop():
    body = helper.make_graph(
        [
            helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
            helper.make_node("Add", ["x", "f"], ["item"]),
            helper.make_node("SequenceInsert", ["s", "item"], ["t"]),
            helper.make_node("Identity", ["going"], ["on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("going", onnx.TensorProto.BOOL, []),
            helper.make_tensor_sequence_value_info("s", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", onnx.TensorProto.BOOL, []),
            helper.make_tensor_sequence_value_info("t", FLOAT, None),
        ],
    )
    sequence = helper.make_tensor_sequence_value_info("s0", FLOAT, None)
    nodes = [helper.make_node("Loop", ["m", "", "s0"], ["y"], body=body)]
    inputs = [floats("x", [2]), sequence, helper.make_tensor_value_info("m", INT64, [])]
    session = compiled(nodes, inputs, [helper.make_tensor_sequence_value_info("y", FLOAT, None)])
    x = np.array([1, 2], np.float32)
    found = session.run({"x": x, "s0": [x], "m": np.array(3)})["y"]
    np.testing.assert_array_equal(found, [x, x, x + 1, x + 2])
    with pytest.raises(BadInputError, match="a list"):
        session.run({"x": x, "s0": x, "m": np.array(3)})


def test_an_error_on_the_host_names_the_node():
    nodes = [helper.make_node("SequenceAt", ["s", "i"], ["y"], name="pick")]
    sequence = helper.make_tensor_sequence_value_info("s", FLOAT, [2])
    session = compiled(nodes, [sequence, helper.make_tensor_value_info("i", INT64, [])], [floats("y", [2])])
    x = np.array([1, 2], np.float32)
    np.testing.assert_array_equal(session.run({"s": [x, 2 * x], "i": np.array(1)})["y"], 2 * x)
    with pytest.raises(RunError, match="pick"):
        session.run({"s": [x], "i": np.array(7)})
    with pytest.raises(RunError, match="an object holds float64"):
        session.run({"s": [x.astype(np.float64)], "i": np.array(0)})


def test_numbers_of_unknown_rank_are_refused_rather_than_computed_on_the_host():
    sequence = helper.make_tensor_sequence_value_info("s", FLOAT, None)
    nodes = [helper.make_node("SequenceAt", ["s", "i"], ["x"]), helper.make_node("Transpose", ["x"], ["y"], name="turn")]
    with pytest.raises(UnsupportedOpError, match="rank is not known"):
        compiled(nodes, [sequence, helper.make_tensor_value_info("i", INT64, [])], [floats("y", [None, None])])
