"""An initializer that is also a graph input: an input that need not be given, from IR version 4 on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_models import make_model

import tilewright
from tilewright.cli.session import load_llvm_stage, take_inputs
from tilewright.errors import BadInputError
from tilewright.runtime.session import Session

X = np.arange(6, dtype=np.float32).reshape(2, 3)
W = np.array([1, 2, 3], np.float32)
V = np.full(3, 7, np.float32)


def biased() -> onnx.ModelProto:
    """x + w, where w, the first input, has an initializer; it feeds an output by itself, too."""
    nodes = [helper.make_node("Add", ["x", "w"], ["y"]), helper.make_node("Neg", ["w"], ["z"])]
    return make_model(nodes, {"w": [3], "x": ["n", 3]}, ["y", "z"], constants={"w": W}, ir_version=4)


@pytest.fixture(scope="module")
def session() -> Session:
    return tilewright.compile(biased())


@pytest.mark.parametrize("guard", [False, True])
def test_the_default_stands_in(session: Session, guard: bool) -> None:
    session = session.with_guard() if guard else session
    for feeds in ({"x": X}, [X]):
        outputs = session.run(feeds)
        np.testing.assert_array_equal(outputs["y"], X + W)
        np.testing.assert_array_equal(outputs["z"], -W)


def test_a_given_array_comes_before_the_default_and_leaves_it_alone(session: Session) -> None:
    for feeds in ({"x": X, "w": V}, [V, X]):
        np.testing.assert_array_equal(session.run(feeds)["y"], X + V)
    np.testing.assert_array_equal(session.run([X])["y"], X + W)


def test_inputs_are_listed_and_checked(session: Session) -> None:
    assert [(spec.name, spec.default is None) for spec in session.inputs] == [("w", False), ("x", True)]
    with pytest.raises(BadInputError, match="'x': expected an array, got nothing"):
        session.run({"w": V})
    with pytest.raises(BadInputError, match="expected 1 or 2 arrays, got 3"):
        session.run([V, X, X])
    with pytest.raises(BadInputError, match="input 'w': expected 3 at dim 0"):
        session.run({"x": X, "w": X[0, :2]})


def test_the_command_line_makes_up_only_what_has_no_default(session: Session) -> None:
    assert list(take_inputs(session.inputs, [], [], 0)) == ["x"]


def test_onnxruntimes_call_shapes_know_which_is_which() -> None:
    session = tilewright.InferenceSession(biased())
    assert [arg.name for arg in session.get_inputs()] == ["x"]
    assert [arg.name for arg in session.get_overridable_initializers()] == ["w"]
    np.testing.assert_array_equal(session.run(["y"], {"x": X})[0], X + W)


def test_defaults_are_in_a_dump(tmp_path: Path) -> None:
    tilewright.compile(biased(), dump_ir=tmp_path)
    (last,) = tmp_path.glob("*-llvm.mlir")
    np.testing.assert_array_equal(Session(load_llvm_stage(last)).run([X])["y"], X + W)
