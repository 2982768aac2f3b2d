"""Arguments of `tilewright.compile` that are near to right are refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from onnx import helper
from onnx_models import make_model

import tilewright
from tilewright.errors import BadOptionError


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"disable_pass": "cse-graph"}, "disable_pass is a sequence of names, got the text 'cse-graph'"),
        ({"shapes": {"x": 3}}, r"shapes\['x'\] is a sequence of whole numbers, got 3"),
        ({"shapes": {"x": "8"}}, r"shapes\['x'\] is a sequence of whole numbers, got '8'"),
        ({"shapes": {"x": [8.0]}}, r"shapes\['x'\] is a sequence of whole numbers, got \[8.0\]"),
    ],
)
def test_wrong_arguments_are_named(how: dict[str, Any], reason: str) -> None:
    model = make_model([helper.make_node("Exp", ["x"], ["y"], name="exp")], {"x": [8]})
    with pytest.raises(BadOptionError, match=reason):
        tilewright.compile(model, **how)
