"""Runs with bound arrays: results go where the caller wants them, and what native code could not use in place is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper
from onnx_models import make_model

import tilewright
from tilewright.errors import BadInputError, BadOptionError
from tilewright.runtime.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    nodes = [helper.make_node("Add", ["a", "b"], ["y"]), helper.make_node("Mul", ["a", "b"], ["z"])]
    return tilewright.compile(make_model(nodes, {"a": ("n", 3), "b": ("n", 3)}, ("y", "z")), threads=1)


def ones(*shape: int, dtype: Any = np.float32) -> Any:
    return np.ones(shape, dtype)


def test_inputs_are_read_when_it_runs(session: Session) -> None:
    a, b, y = ones(2, 3), ones(2, 3), ones(2, 3)
    bound = session.bind({"a": a, "b": b}, {"y": y})
    for value in (1, 5, -2):
        a[:] = value
        bound.run()
        np.testing.assert_array_equal(y, ones(2, 3) * (value + 1))
        np.testing.assert_array_equal(bound.outputs["z"], ones(2, 3) * value)
    assert bound.outputs["y"] is y


def test_bound_runs_do_not_disturb_others(session: Session) -> None:
    first = session.bind({"a": ones(2, 3), "b": ones(2, 3)})
    second = session.bind({"a": ones(4, 3) * 3, "b": ones(4, 3)})
    first.run()
    second.run()
    session.run({"a": ones(2, 3) * 9, "b": ones(2, 3)})
    np.testing.assert_array_equal(first.outputs["y"], ones(2, 3) * 2)
    np.testing.assert_array_equal(second.outputs["y"], ones(4, 3) * 4)


def test_an_input_may_be_read_only_or_bound_twice(session: Session) -> None:
    a = ones(2, 3)
    a.flags.writeable = False
    bound = session.bind({"a": a, "b": a})
    bound.run()
    np.testing.assert_array_equal(bound.outputs["y"], ones(2, 3) * 2)


READ_ONLY = ones(2, 3)
READ_ONLY.flags.writeable = False
SHARED = ones(2, 3)


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ({"b": ones(4, 3)[::2]}, {}, ["'b'", "contiguous"]),
        ({"b": ones(2, 3, dtype=np.float64)}, {}, ["'b'", "float64"]),
        ({"b": ones(3, 3)}, {}, ["'b'", "[3, 3]"]),
        ({"b": ones(2, 3).tolist()}, {}, ["'b'"]),
        ({}, {"y": ones(3, 3)}, ["'y'", "[2, 3]", "[3, 3]"]),
        ({}, {"y": ones(2, 3, dtype=np.int32)}, ["'y'", "int32"]),
        ({}, {"w": ones(2, 3)}, ["'w'", "unknown name"]),
        ({}, {"y": ones(2, 6)[:, ::2]}, ["'y'", "contiguous"]),
        ({}, {"y": READ_ONLY}, ["'y'", "written"]),
        ({"b": SHARED}, {"y": SHARED}, ["'y'", "'b'"]),
        ({}, {"y": SHARED, "z": SHARED}, ["'z'", "'y'"]),
    ],
)
def test_what_can_not_be_used_in_place_is_refused(session: Session, inputs: Any, outputs: Any, words: list[str]) -> None:
    with pytest.raises(BadInputError) as caught:
        session.bind({"a": ones(2, 3), "b": ones(2, 3)} | inputs, outputs)
    for word in words:
        assert word in str(caught.value)


def test_guard_mode_binds_nothing(session: Session) -> None:
    with pytest.raises(BadOptionError, match="guard"):
        session.with_guard().bind({"a": ones(2, 3), "b": ones(2, 3)})
