"""Vector math natively against mpmath and numpy: error bounds, special values, equal bits for scalars and vectors."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr

from tilewright.lowering.expand_math import ExpandMathPass, expand_function
from tilewright.lowering.vmath import FUNCTIONS, Function

from .vmath_kernels import ELEMENTS, Array, compiled, evaluate, map_kernel, ulp_error, ulp_errors

TARGETS = ("host", "x86-64-v2")
"""The second has no fused multiply-add."""
EXHAUSTIVE = os.environ.get("TILEWRIGHT_TEST_EXHAUSTIVE") == "1"
TWO_ARGUMENTS = ("powf", "atan2")
_ONE_ARGUMENT: dict[str, Callable[[Any], Any]] = {
    "exp2": lambda x: mp.mpf(2) ** x,
    "log2": lambda x: mp.log(x, 2),
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "round": lambda x: mp.sign(x) * mp.floor(abs(x) + mp.mpf(1) / 2),
}
MPMATH: dict[str, Callable[..., Any]] = {**_ONE_ARGUMENT, "powf": mp.power}
DOMAINS = {
    "exp": (-745, 710),
    "exp2": (-1075, 1024),
    "expm1": (-40, 710),
    "tanh": (-20, 20),
    "sinh": (-710, 710),
    "cosh": (-710, 710),
    "erf": (-6, 6),
    "acosh": (1, np.inf),
    "atanh": (-1, 1),
    "asin": (-1, 1),
    "acos": (-1, 1),
    "log1p": (-1, np.inf),
    **dict.fromkeys(("log", "log2", "log10", "rsqrt"), (0, np.inf)),
}
"""Open intervals outside which the function is infinite, undefined or dull, for f64."""
INVERSE = ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2")
NUMPY = {"powf": "power", **{name: "arc" + name[1:] for name in INVERSE}}


def name_of(function: Function) -> str:
    return function.op.name.removeprefix("math.")


def numpy_of(name: str) -> Callable[..., Array]:
    """The function in numpy; those that it lacks by their definition."""
    if name == "erf":
        return np.vectorize(math.erf, otypes=[np.float64])
    if name == "rsqrt":
        return _rsqrt
    if name == "round":
        return _round
    return getattr(np, NUMPY.get(name, name))


def _rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


def _round(x: Array) -> Array:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def samples(name: str, width: int, count: int) -> Array:
    """Arguments inside the domain: random bits, uniform, near 1, and over many exponents."""
    rng = np.random.default_rng(width)
    low, high = DOMAINS.get(name, (-np.inf, np.inf))
    integer, real = (np.uint32, np.float32) if width == 32 else (np.uint64, np.float64)
    near_low, near_high = max(low, -10.0), min(high, 10.0)
    parts = [
        rng.integers(0, 1 << width, 4 * count, np.uint64).astype(integer).view(real),
        rng.uniform(max(low, -800.0), min(high, 800.0), count),
        rng.uniform(near_low, near_high, count),
        1 + rng.uniform(-0.3, 0.6, count),
        rng.uniform(-1, 1, count) * 2.0 ** rng.integers(-40, 8, count),
    ]
    values = np.concatenate([part.astype(real) for part in parts])
    return rng.permutation(values[np.isfinite(values) & (values > low) & (values < high)])[: 3 * count]


def pairs(name: str, width: int, count: int) -> list[Array]:
    """Arguments of powf whose result is finite, or of atan2."""
    rng = np.random.default_rng(width)
    real = np.float32 if width == 32 else np.float64
    if name == "atan2":
        return [(rng.normal(0, 1, count) * 2.0 ** rng.integers(-20, 20, count)).astype(real) for _ in range(2)]
    x = np.exp(rng.normal(0, 1, count) * rng.choice([0.001, 0.1, 1, 20], count)).astype(real)
    reach = (104 if width == 32 else 745) / np.maximum(np.abs(np.log(x.astype(np.float64))), 1e-9)
    y = rng.uniform(-1, 1, count) * np.where(rng.random(count) < 0.5, reach, 3)
    return [x, np.where(rng.random(count) < 0.1, np.round(y), y).astype(real)]


each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
each_width = pytest.mark.parametrize("width", (32, 64))
each_target = pytest.mark.parametrize("target", TARGETS)


@each_function
@each_width
@each_target
def test_bounds_against_mpmath(function: Function, width: int, target: str) -> None:
    name = name_of(function)
    arguments = pairs(name, width, 400) if name in TWO_ARGUMENTS else [samples(name, width, 150)]
    got = evaluate(function.op, arguments, target)
    reference = MPMATH.get(name) or getattr(mp, name)
    with mp.workprec(250):
        exact = [reference(*map(mp.mpf, map(float, row))) for row in zip(*arguments, strict=True)]
        errors = [ulp_error(float(y), e, width) for y, e in zip(got, exact, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= function.bound(width), [float(a[worst]) for a in arguments]


@each_function
@each_target
def test_f32_bounds_over_all_exponents(function: Function, target: str) -> None:
    """Every 2**16-th f32, or all of them with TILEWRIGHT_TEST_EXHAUSTIVE=1; also the sign of every zero."""
    name = name_of(function)
    if name in TWO_ARGUMENTS:
        pytest.skip("one argument only")
    step = (1 << 16) + 1 if not EXHAUSTIVE else 256 if name == "erf" else 1
    for start in range(0, 1 << 32, 1 << 24) if EXHAUSTIVE else (0,):
        stop = start + (1 << 24) if EXHAUSTIVE else 1 << 32
        x = np.arange(start, stop, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
        with np.errstate(all="ignore"):
            reference = numpy_of(name)(x.astype(np.float64))
        got = evaluate(function.op, [x], target)
        errors = ulp_errors(got, reference)
        assert errors.max() <= function.bound(32), float(x[errors.argmax()])
        numbers = ~np.isnan(got)
        assert (np.signbit(got) == np.signbit(reference))[numbers].all()


SPECIAL = (0.0, 1.0, 0.5, 2.0, 3.0, np.inf, np.nan, 1e-320, 2.0**-149, 2.0**-126, 1e300, 3e38, 2.0**53, 4503599627370497.0)


@each_function
@each_width
@each_target
def test_special_values(function: Function, width: int, target: str) -> None:
    """What C's math library gives for zeros, infinities, NaN, subnormal and huge numbers, in every combination."""
    name, real = name_of(function), np.float32 if width == 32 else np.float64
    with np.errstate(all="ignore"):
        values = np.array([s * v for v in SPECIAL for s in (1, -1)]).astype(real)
        arguments = [values]
        if name in TWO_ARGUMENTS:
            arguments = [np.repeat(values, len(values)), np.tile(values, len(values))]
        reference = numpy_of(name)(*(a.astype(np.float64) for a in arguments)).astype(real)
    got = evaluate(function.op, arguments, target)
    np.testing.assert_array_max_ulp(got, reference, 4)
    numbers = ~np.isnan(reference)
    np.testing.assert_array_equal(np.signbit(got)[numbers], np.signbit(reference)[numbers])


@each_function
@each_width
@each_target
def test_scalars_and_vectors_have_the_same_bits(function: Function, width: int, target: str) -> None:
    name = name_of(function)
    arguments = pairs(name, width, 480) if name in TWO_ARGUMENTS else [samples(name, width, 160)]
    bits = np.uint32 if width == 32 else np.uint64
    expected, *others = [evaluate(function.op, arguments, target, lanes).view(bits) for lanes in (16, 0, 4, 5)]
    for other in others:
        np.testing.assert_array_equal(other, expected)


@each_function
def test_halves_are_computed_in_f32(function: Function) -> None:
    name = name_of(function)
    if name in TWO_ARGUMENTS:
        pytest.skip("one argument only")
    x = np.arange(0, 1 << 16, 7, dtype=np.uint32).astype(np.uint16)[:9360].view(np.float16)
    got = np.empty_like(x)
    compiled(function.op, "f16", 16, "host", 1)([x, got], [], 0, len(x))
    wide = evaluate(function.op, [x.astype(np.float32)])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, wide.astype(np.float16))


def test_bf16_exp() -> None:
    numbers = np.linspace(-20, 20, 240, dtype=np.float32)
    x = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    got = np.empty_like(x)
    code = next(f.op for f in FUNCTIONS if name_of(f) == "exp")
    compiled(code, "bf16", 16, "host", 1)([x, got], [], 0, len(x))
    widened = [(bits.astype(np.uint32) << 16).view(np.float32) for bits in (x, got)]
    np.testing.assert_allclose(widened[1], np.exp(widened[0]), rtol=2.0**-8)


@pytest.mark.skipif(shutil.which("mlir-opt-19") is None, reason="needs mlir-opt-19")
def test_upstream_accepts_every_formula() -> None:
    functions: list[func.FuncOp] = []
    for function in FUNCTIONS:
        for element in ELEMENTS:
            for lanes in (0, 8):
                count = 2 if name_of(function) in TWO_ARGUMENTS else 1
                kernel = map_kernel(function.op, element, lanes, count)
                kernel.properties["sym_name"] = StringAttr(f"tw_k{len(functions)}")
                expand_function(kernel)
                functions.append(kernel)
    done = subprocess.run(["mlir-opt-19"], input=str(ModuleOp(functions)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


def test_the_pass_leaves_no_math_but_what_targets_have() -> None:
    native = {"math.fma", "math.sqrt", "math.absf", "math.copysign", "math.trunc", "math.floor"}
    module = ModuleOp([map_kernel(f.op, "f32", 8, 2 if name_of(f) in TWO_ARGUMENTS else 1) for f in FUNCTIONS])
    ExpandMathPass().apply(None, module)  # pyright: ignore[reportArgumentType]  # reads no context
    assert {op.name for op in module.walk() if op.name.startswith("math.")} <= native
