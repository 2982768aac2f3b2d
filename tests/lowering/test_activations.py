"""Activations of vmath natively against mpmath: stated errors, limits, equal bits for scalars and vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from tilewright.lowering.vmath import activations

from .vmath_kernels import Array, Formula, evaluate

SQRT_HALF = mp.sqrt(mp.mpf(1) / 2)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def gelu(x: Any) -> Any:
    return x * mp.erfc(-x * SQRT_HALF) / 2


def gelu_tanh(x: Any) -> Any:
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf(44715) / 1000000 * x**3))


def softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x))


def mish(x: Any) -> Any:
    return x * mp.tanh(softplus(x))


def silu(x: Any) -> Any:
    return x * sigmoid(x)


ROWS: tuple[tuple[Formula, Callable[[Any], Any], tuple[float, float], float, float], ...] = (
    (activations.exp_nonpositive, mp.exp, (-87, 0), 1.25, 0),
    (activations.sigmoid, sigmoid, (-87, 87), 2.5, 0),
    (activations.silu, silu, (-87, 87), 2.5, 0),
    (activations.gelu_tanh, gelu_tanh, (-3, 87), 8, 0),
    (activations.gelu, gelu, (-1, 87), 4, 0),
    (activations.gelu, gelu, (-20, 0), 0, 1e-7),
    (activations.gelu_tanh, gelu_tanh, (-20, 0), 0, 1e-7),
    (activations.softplus, softplus, (-87, 87), 2.5, 0),
    (activations.mish, mish, (-80, 87), 4.5, 0),
)
"""Formula, reference, interval, and the error allowed: so many f32 ulp (relative 2**-23), or so much absolutely."""


def points(low: float, high: float) -> Array:
    rng = np.random.default_rng(3)
    spread = rng.uniform(-1, 1, 500) * 2.0 ** rng.integers(-30, 7, 500)
    x = np.concatenate([rng.uniform(low, high, 500), rng.uniform(max(low, -4), min(high, 4), 500), spread])
    return x[(x >= low) & (x <= high)]


@pytest.mark.parametrize("target", ("host", "x86-64-v2"))
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].__name__}-{row[2]}")
@pytest.mark.parametrize("real", (np.float32, np.float64))
def test_errors(row: Any, target: str, real: type[np.float32 | np.float64]) -> None:
    formula, reference, interval, ulps, absolute = row
    x: Array = points(*interval).astype(real)
    got = evaluate(formula, [x], target)
    unit = 2.0**-23 if real is np.float32 else 2.0**-52
    with mp.workprec(200):
        exact = [reference(mp.mpf(float(v))) for v in x]
        allowed = [ulps * unit * abs(e) + (absolute if real is np.float32 else absolute * 1e-8) for e in exact]
        errors = [float(abs(mp.mpf(float(y)) - e) / a) for y, e, a in zip(got, exact, allowed, strict=True)]
    assert max(errors) <= 1, (float(x[int(np.argmax(errors))]), max(errors))


LIMITS: tuple[tuple[Formula, dict[float, float]], ...] = (
    (activations.exp_nonpositive, {0: 1, -89: 0, -1e30: 0, -np.inf: 0}),
    (activations.sigmoid, {0: 0.5, 100: 1, np.inf: 1, -100: 0, -1e30: 0, -np.inf: 0}),
    (activations.silu, {0: 0, 1e30: 1e30, np.inf: np.inf, -1e30: 0, -3e38: 0}),
    (activations.gelu, {0: 0, 1e30: 1e30, np.inf: np.inf, 11: 11, -11: 0, -1e30: 0, -np.inf: 0}),
    (activations.gelu_tanh, {0: 0, 1e30: 1e30, np.inf: np.inf, -1e30: 0}),
    (activations.softplus, {100: 100, 1e30: 1e30, np.inf: np.inf, -1e30: 0, -np.inf: 0}),
    (activations.mish, {0: 0, 30: 30, 1e30: 1e30, np.inf: np.inf, -1e30: 0}),
)


@pytest.mark.parametrize("formula, cases", LIMITS, ids=lambda value: getattr(value, "__name__", ""))
def test_limits(formula: Formula, cases: dict[float, float]) -> None:
    x = np.array([*cases, np.nan], np.float32)
    np.testing.assert_array_equal(evaluate(formula, [x]), np.array([*cases.values(), np.nan], np.float32))


@pytest.mark.parametrize("formula", [row[0] for row in LIMITS], ids=lambda formula: formula.__name__)
@pytest.mark.parametrize("target", ("host", "x86-64-v2"))
def test_scalars_and_vectors_have_the_same_bits(formula: Formula, target: str) -> None:
    x = np.minimum(points(-100, 100), 0 if formula is activations.exp_nonpositive else 100).astype(np.float32)
    vectors, scalars = (evaluate(formula, [x], target, lanes).view(np.uint32) for lanes in (16, 0))
    np.testing.assert_array_equal(vectors, scalars)
