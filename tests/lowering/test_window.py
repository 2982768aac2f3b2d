"""Pooling and depthwise convolution, channels last, against the reference interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.backends.targets import get_target, runs_here
from tilewright.lowering.rules.window import WindowRule, channels_last
from tilewright.runtime.weights import WeightStore

TARGETS = [t for t in ("x86-64-v2", "x86-64-v3", "x86-64-v4") if runs_here(get_target(t))]


def random_array(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def dims_text(dims: tuple[int, ...], ordered: bool = True) -> str:
    order = f", #graph.tensor<order {list(channels_last(len(dims)))}>" if ordered else ""
    return f"tensor<{'x'.join(map(str, dims))}xf32{order}>"


def check(text: str, inputs: list[np.ndarray[Any, Any]], target: str) -> None:
    kernel = parse_kernel(text)
    expected = evaluate(ModuleOp([parse_kernel(text)]), inputs, WeightStore(), "k")[0]
    actual = run_kernel(kernel, WindowRule(), inputs, get_target(target))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)


@st.composite
def windows(draw: st.DrawFn, rank: int) -> dict[str, Any]:
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    dilations = [draw(st.integers(1, 2)) for _ in range(rank)]
    pads = [draw(st.integers(0, k - 1)) for k in kernel] + [draw(st.integers(0, k - 1)) for k in kernel]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    sizes = [draw(st.integers(max(r - pads[i] - pads[i + rank], 1), 14)) for i, r in enumerate(reach)]
    out = [(n + pads[i] + pads[i + rank] - reach[i]) // strides[i] + 1 for i, n in enumerate(sizes)]
    for i, n in enumerate(out):  # the average over a window of nothing but padding is not defined
        starts = [o * strides[i] - pads[i] for o in range(n)]
        assume(all(any(0 <= s + t * dilations[i] < sizes[i] for t in range(kernel[i])) for s in starts))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 70)), *sizes)
    return {"kernel": kernel, "strides": strides, "dilations": dilations, "pads": pads, "shape": shape, "out": (*shape[:2], *out)}


def attributes(window: dict[str, Any], names: tuple[str, ...]) -> str:
    return ", ".join(f"{n} = array<i64: {', '.join(map(str, window[n]))}>" for n in names)


RELAXED = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rank", [1, 2, 3])
@RELAXED
@given(data=st.data())
def test_depthwise_with_bias_residual_and_activation(data: st.DataObject, rank: int, target: str) -> None:
    w = data.draw(windows(rank))
    channels, x, y = w["shape"][1], dims_text(w["shape"]), dims_text(w["out"])
    weight = dims_text((channels, 1, *w["kernel"]), ordered=False)
    text = f"""func.func @k(%x: {x}, %w: {weight}, %b: tensor<{channels}xf32>, %r: {y}) -> {y} {{
      %low = graph.constant dense<0.25> : tensor<f32>
      %0 = graph.conv %x, %w, %b {{{attributes(w, ("strides", "pads", "dilations"))}, group = {channels} : i64}}
        : ({x}, {weight}, tensor<{channels}xf32>) -> {y}
      %1 = graph.add %0, %r : ({y}, {y}) -> {y}
      %2 = graph.max %1, %low : ({y}, tensor<f32>) -> {y}
      func.return %2 : {y}
    }}"""
    shapes = [w["shape"], (channels, 1, *w["kernel"]), (channels,), w["out"]]
    check(text, [random_array(s) for s in shapes], target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@RELAXED
@given(data=st.data(), include=st.booleans())
def test_pool(data: st.DataObject, rank: int, kind: str, target: str, include: bool) -> None:
    w = data.draw(windows(rank))
    x, y = dims_text(w["shape"]), dims_text(w["out"])
    counting = ", count_include_pad = true" if include else ""
    text = f"""func.func @k(%x: {x}) -> {y} {{
      %0 = graph.pool %x {{kind = "{kind}", {attributes(w, ("kernel", "strides", "pads", "dilations"))}{counting}}} : ({x}) -> {y}
      %1 = graph.neg %0 : ({y}) -> {y}
      func.return %1 : {y}
    }}"""
    check(text, [random_array(w["shape"])], target)
