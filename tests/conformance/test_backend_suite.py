"""The whole ONNX backend test suite, case by case; see benchmarks/conformance/suite.py for what is asked of each.

`not_yet.txt` lists the cases that don't pass. It is checked both ways, so that it can only shrink;
`python -m benchmarks.conformance --update` writes it anew.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from unittest import SkipTest

import numpy as np
import onnx
import pytest
from onnx.backend.test.loader import load_model_tests

import tilewright
from benchmarks.conformance import not_yet
from benchmarks.conformance.suite import EXCLUDED, Suite, same_bits

SUITE = Suite()
NOT_YET = not_yet.read()


def test_the_tables_name_cases_that_exist() -> None:
    assert [name for name in (*NOT_YET, *EXCLUDED) if name not in SUITE.cases] == []
    assert list(NOT_YET) == sorted(NOT_YET)


@pytest.mark.parametrize("name", SUITE.cases)
def test_case(name: str) -> None:
    try:
        SUITE.run(name)
    except SkipTest as skipped:
        raise AssertionError("the runner passed over it") from skipped
    except Exception:
        if name in NOT_YET:
            pytest.xfail(NOT_YET[name])
        raise
    assert name not in NOT_YET, "it passes now: remove it from tests/conformance/not_yet.txt"


@cache
def node_cases() -> dict[str, Any]:
    return {case.name: case for case in load_model_tests(kind="node")}


def node_case(name: str) -> tuple[onnx.ModelProto, list[Any], list[Any]]:
    """The model of a case, its inputs and the expected outputs."""
    case = node_cases()[name]
    inputs, outputs = case.data_sets[0]
    return case.model, list(inputs), list(outputs)


def test_a_sequence_that_the_runner_cannot_compare() -> None:
    """Its first element has rank 0, for which the runner asks its length."""
    model, inputs, expected = node_case("test_loop16_seq_none")
    assert same_bits(list(tilewright.compile(model).run(inputs).values()), expected)


@pytest.mark.parametrize("name", ["test_dft_inverse", "test_dft_inverse_opset19"])
def test_expected_values_that_are_noise(name: str) -> None:
    """Where they are off by more than the tolerance, the transform in f64 says that ours are right."""
    model, inputs, (expected,) = node_case(name)
    (found,) = tilewright.compile(model).run(inputs).values()
    exact = np.fft.ifft(inputs[0][..., 0].astype(np.float64) + 1j * inputs[0][..., 1], axis=1)
    np.testing.assert_allclose(found, np.stack([exact.real, exact.imag], -1), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-7)
