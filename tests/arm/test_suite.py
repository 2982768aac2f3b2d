"""A sample of the ONNX backend test suite on code for AArch64; all of it with `make test-arm`."""

from __future__ import annotations

from functools import cache
from unittest import SkipTest

import pytest

from arm.emulator import EMULATED, LONG
from arm.suite import names_of, suite_of
from benchmarks.conformance.suite import Suite

pytestmark = EMULATED
STEP = 1 if LONG else 6
TARGETS = ("aarch64-neoverse-n1", "aarch64-neoverse-n2", "aarch64-neon")
SAMPLE = names_of(suite_of(TARGETS[0]), "^test_", STEP)
LIGHT = ("test_squeezenet", "test_shufflenet")
CASES = [(name, TARGETS[i % len(TARGETS)]) for i, name in enumerate(SAMPLE)] + [(name, TARGETS[0]) for name in LIGHT]

_suite = cache(suite_of)


@pytest.mark.parametrize(("name", "target"), CASES)
def test_case(name: str, target: str) -> None:
    suite: Suite = _suite(target)
    try:
        suite.run(name)
    except SkipTest as skipped:
        pytest.skip(str(skipped))
