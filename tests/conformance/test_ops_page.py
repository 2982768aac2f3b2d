"""docs/ops.md says what import does today."""

from __future__ import annotations

import re

import onnx
import pytest

from benchmarks.conformance.ops_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text()
    made_from = re.search(r"from onnx (\S+)\.\n", text)
    assert made_from is not None
    if made_from[1] != onnx.__version__:
        pytest.skip(f"the page was made from onnx {made_from[1]}, and {onnx.__version__} is installed")
    assert text == page(), "run: python -m benchmarks.conformance.ops_page"
