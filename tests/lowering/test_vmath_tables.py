"""The committed coefficients are those that docs/vector-math/generate.py computes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from tilewright.lowering.vmath import tables

GENERATOR = Path(__file__).parents[2] / "docs" / "vector-math"
QUICK = (("EXP", 32), ("TANH", 32))


@pytest.fixture(scope="module")
def generator() -> Any:
    sys.path.insert(0, str(GENERATOR))
    try:
        return importlib.import_module("generate")
    finally:
        sys.path.remove(str(GENERATOR))


@pytest.mark.parametrize("name, width", QUICK)
def test_quick_rows_are_reproduced(generator: Any, name: str, width: int) -> None:
    row = next(row for row in generator.ROWS if (row.name, row.width) == (name, width))
    numbers = [float(line.strip(" ,")) for line in generator.render(row).splitlines()[1:-1]]
    assert tuple(numbers) == getattr(tables, name)[width]


def test_every_row_is_there(generator: Any) -> None:
    for row in generator.ROWS:
        assert len(getattr(tables, row.name)[row.width]) == row.degree + 1
