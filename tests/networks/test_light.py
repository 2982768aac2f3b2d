"""The nine light models that ship in the onnx package agree with the outputs beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.runner import __file__ as runner_file

import tilewright

from .agreement import assert_matches

FOLDER = Path(runner_file).parents[1] / "data" / "light"
MODELS = sorted(path.stem for path in FOLDER.glob("*.onnx"))


def test_there_are_nine() -> None:
    assert len(MODELS) == 9


@pytest.mark.parametrize("name", MODELS)
def test_light_model(name: str) -> None:
    session = tilewright.compile(FOLDER / f"{name}.onnx")
    tensor = onnx.TensorProto.FromString((FOLDER / f"{name}_output_0.pb").read_bytes())
    expected = {session.outputs[0].name: numpy_helper.to_array(tensor)}
    inputs = [light_input(tuple(d for d in spec.dims if isinstance(d, int))) for spec in session.inputs]
    assert_matches(session.run(inputs), expected)
    assert_matches(session.with_guard().run(inputs), expected)


def light_input(shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The input that the onnx runner feeds to light models: a ramp over [0, 1)."""
    size = int(np.prod(shape))
    return (np.arange(size) / size).astype(np.float32).reshape(shape)
