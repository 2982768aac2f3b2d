"""The whole ONNX backend test suite, case by case; see benchmarks/conformance/suite.py for what is asked of each.

`not_yet.txt` lists the cases that don't pass. It is checked both ways, so that it can only shrink;
`python -m benchmarks.conformance --update` writes it anew.
"""

from __future__ import annotations

from unittest import SkipTest

import pytest

from benchmarks.conformance import not_yet
from benchmarks.conformance.suite import EXCLUDED, Suite

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
