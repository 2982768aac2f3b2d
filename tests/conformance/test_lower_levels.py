"""A sample of the ONNX backend test suite on code for lower levels of x86-64 than the host's, in guard mode too."""

from __future__ import annotations

from functools import cache
from unittest import SkipTest

import pytest
from arm.suite import names_of, suite_of

from tilewright.backends.targets import get_target, runs_here

STEP = 6
LEVELS = [name for name in ("x86-64-v2", "x86-64-v3") if runs_here(get_target(name))]
_suite = cache(suite_of)
CASES = [(name, level) for level in LEVELS for name in names_of(_suite(LEVELS[0]), "^test_", STEP)]


@pytest.mark.parametrize(("name", "level"), CASES)
def test_case(name: str, level: str) -> None:
    try:
        _suite(level).run(name)
    except SkipTest as skipped:
        pytest.skip(str(skipped))
