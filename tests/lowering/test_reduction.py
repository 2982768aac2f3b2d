"""Reductions, softmax and norms against the reference interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.backends.targets import get_target, runs_here
from tilewright.lowering.rules.reduction import REDUCERS, ReductionRule
from tilewright.runtime.weights import WeightStore

TARGETS = [t for t in ("x86-64-v2", "x86-64-v3", "x86-64-v4") if runs_here(get_target(t))]
LENGTHS = (1, 3, 16, 17, 64, 65, 130, 1000)


def random_array(shape: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def check(text: str, inputs: list[np.ndarray[Any, Any]], target: str, tolerance: float = 1e-5) -> None:
    expected = evaluate(ModuleOp([parse_kernel(text)]), inputs, WeightStore(), "k")[0]
    actual = run_kernel(parse_kernel(text), ReductionRule(), inputs, get_target(target))
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def reduce_text(kind: str, shape: Sequence[int], axes: Sequence[int], order: str = "") -> str:
    x = f"tensor<{'x'.join(map(str, shape))}xf32{order}>"
    y = f"tensor<{'x'.join('1' if a in axes else str(d) for a, d in enumerate(shape))}xf32{order}>"
    return f"""func.func @k(%x: {x}, %r: {y}) -> {y} {{
      %0 = graph.reduce %x {{kind = "{kind}", axes = array<i64: {", ".join(map(str, axes))}>, keepdims = true}} : ({x}) -> {y}
      %1 = graph.sub %0, %r : ({y}, {y}) -> {y}
      func.return %1 : {y}
    }}"""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", [k for k in REDUCERS if k != "log_sum"])
@pytest.mark.parametrize("length", LENGTHS)
def test_rows(kind: str, length: int, target: str) -> None:
    scale = 0.1 if kind == "prod" else 1.0
    check(
        reduce_text(kind, (3, length), [1]), [random_array((3, length)) * np.float32(scale), random_array((3, 1))], target, 1e-4
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("shape", "axes"), [((2, 5, 70), [1]), ((4, 3, 129), [0, 1]), ((2, 7, 1, 16), [1, 2]), ((9, 200), [0])])
def test_columns(shape: tuple[int, ...], axes: list[int], target: str) -> None:
    kept = tuple(1 if a in axes else d for a, d in enumerate(shape))
    check(reduce_text("mean", shape, axes), [random_array(shape), random_array(kept)], target)


@pytest.mark.parametrize("channels", [8, 64, 100])
def test_global_average_pool_of_channels_last(channels: int) -> None:
    shape = (2, channels, 7, 7)
    text = reduce_text("mean", shape, [2, 3], ", #graph.tensor<order [0, 2, 3, 1]>")
    check(text, [random_array(shape), random_array((2, channels, 1, 1))], "host")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_layer_norm(length: int, with_bias: bool, target: str) -> None:
    x, p = f"tensor<2x3x{length}xf32>", f"tensor<{length}xf32>"
    bias, types = (", %b", f"{x}, {p}, {p}") if with_bias else ("", f"{x}, {p}")
    text = f"""func.func @k(%x: {x}, %s: {p}, %b: {p}) -> {x} {{
      %0 = graph.layer_norm %x, %s{bias} {{axis = 2 : i64, epsilon = 1.0e-5 : f64}} : ({types}) -> {x}
      %1 = graph.relu %0 : ({x}) -> {x}
      func.return %1 : {x}
    }}"""
    check(text, [random_array((2, 3, length)), random_array((length,)), random_array((length,)) + 1], target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("op", ["softmax", "log_softmax"])
def test_softmax(op: str, length: int, target: str) -> None:
    x = f"tensor<5x{length}xf32>"
    text = f"""func.func @k(%x: {x}) -> {x} {{
      %0 = graph.{op} %x {{axis = 1 : i64}} : ({x}) -> {x}
      func.return %0 : {x}
    }}"""
    check(text, [random_array((5, length)) * np.float32(5)], target)
