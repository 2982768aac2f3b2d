"""Nearest and linear resize, channels last, against the reference interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.lowering.rules.resample import ResampleRule
from tilewright.runtime.weights import WeightStore

COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")


@pytest.mark.parametrize("coordinate", COORDINATES)
@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("sizes", [((5, 7), (10, 14)), ((8, 6), (3, 5)), ((4, 4), (4, 9)), ((1, 3), (2, 1))])
@pytest.mark.parametrize("channels", [3, 16, 37])
def test_resize(sizes: tuple[tuple[int, int], tuple[int, int]], mode: str, coordinate: str, channels: int) -> None:
    (h, w), (oh, ow) = sizes
    order = "#graph.tensor<order [0, 2, 3, 1]>"
    x, y = f"tensor<2x{channels}x{h}x{w}xf32, {order}>", f"tensor<2x{channels}x{oh}x{ow}xf32, {order}>"
    text = f"""func.func @k(%x: {x}) -> {y} {{
      %0 = graph.resize %x {{mode = "{mode}", coordinate = "{coordinate}", nearest = "round_prefer_floor"}} : ({x}) -> {y}
      func.return %0 : {y}
    }}"""
    array = np.random.default_rng(0).standard_normal((2, channels, h, w), np.float32)
    expected = evaluate(ModuleOp([parse_kernel(text)]), [array], WeightStore(), "k")[0]
    np.testing.assert_allclose(run_kernel(parse_kernel(text), ResampleRule(), [array]), expected, rtol=1e-5, atol=1e-5)
