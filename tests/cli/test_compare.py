"""Finding the first node that differs, with differences put in by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tilewright.cli.arrays import Array, relative_difference
from tilewright.cli.compare import blocked_fusions, differences, expose_values, verdict

from .conftest import gemm_relu


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


def test_intermediate_values_become_outputs() -> None:
    model = gemm_relu()
    assert [output.name for output in expose_values(model).graph.output] == ["y", "hidden"]
    assert [output.name for output in model.graph.output] == ["y"]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (f32(1, 2), f32(1, 2), 0.0),
        (f32(1, 2.5), f32(1, 2), 0.25),
        (f32(1, np.nan), f32(1, np.nan), 0.0),
        (f32(1, 2), f32(1, np.nan), np.inf),
        (f32(np.inf, 1), f32(np.inf, 2), 0.5),
        (np.array([1, 2]), np.array([1, 3]), np.inf),
        (f32(1), np.array([1.0]), np.inf),
        (f32(1), f32(1).reshape(1, 1), np.inf),
        (np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0),
    ],
)
def test_relative_difference(ours: Array, theirs: Array, expected: float) -> None:
    assert relative_difference(ours, theirs) == pytest.approx(expected)


def test_verdict_names_the_first_node_that_differs() -> None:
    model = gemm_relu()
    theirs = {"hidden": f32(1, 2), "y": f32(1, 2)}
    same = differences(model, theirs, theirs)
    wrong = differences(model, {name: array * 2 for name, array in theirs.items()}, theirs)
    assert verdict(same, same, 1e-3) is None
    assert "node 'gemm' (Gemm) is the first to differ" in (verdict(wrong, wrong, 1e-3) or "")
    assert "suspect the fusions" in (verdict(wrong, same, 1e-3) or "")


def test_a_step_of_a_quantized_value_is_a_small_difference() -> None:
    model = gemm_relu()
    ours, theirs = ({"y": np.array([3, last], np.int8)} for last in (100, 101))
    assert [found.relative for found in differences(model, ours, theirs)] == [pytest.approx(1 / 101)]


def test_blocked_fusions() -> None:
    plain = [("conv", "relu"), ("add",), ("mul", "tanh"), ("mul", "tanh")]
    assert blocked_fusions(plain, [("conv",), ("relu",), ("add",), ("mul", "tanh")]) == [("conv", "relu")]
