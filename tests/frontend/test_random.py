"""Draws follow their distribution, are the same in every run, and differ between seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from numpy.typing import DTypeLike, NDArray
from onnx import helper
from onnx_models import Typed, make_model, native, run

import tilewright
from tilewright.errors import BadModelError

Array = NDArray[Any]
COUNT = 40_000
FLOATS = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
INTEGERS = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]
ROUNDING = {np.dtype(np.float16): 2.0**-9, np.dtype(ml_dtypes.bfloat16): 2.0**-6}
"""How far rounding may move a distribution function, for numbers about 1."""


def onnx_type(dtype: DTypeLike) -> int:
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def drawn(op: str, shape: tuple[int, ...] = (200, 200), **attributes: Any) -> Array:
    node = helper.make_node(op, [], ["y"], name=attributes.pop("name", "draw"), shape=shape, **attributes)
    return native(make_model([node], {}))[0]


def distance(found: Array, distribution: Callable[[float], float]) -> float:
    """The statistic of Kolmogorov and Smirnov: how far the share of numbers up to x is from the distribution function."""
    x = np.sort(found.reshape(-1).astype(np.float64))
    expected = np.array([distribution(v) for v in x.tolist()])
    rank = np.arange(x.size + 1) / x.size
    return float(np.maximum(np.abs(expected - rank[:-1]), np.abs(expected - rank[1:])).max())


def limit(dtype: DTypeLike, count: int = COUNT) -> float:
    """What the distance passes once in ten thousand samples, and what rounding adds."""
    return 2.23 / math.sqrt(count) + ROUNDING.get(np.dtype(dtype), 0.0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform(dtype: DTypeLike):
    y = drawn("RandomUniform", dtype=onnx_type(dtype), low=-1.0, high=3.0, seed=2.0)
    assert (y.dtype, y.shape) == (dtype, (200, 200))
    wide = y.astype(np.float64)
    assert wide.min() >= -1 and wide.max() <= 3
    assert abs(wide.mean() - 1) < 4 * 4 / math.sqrt(12 * COUNT) + ROUNDING.get(y.dtype, 0)
    assert wide.var() == pytest.approx(16 / 12, rel=0.02)
    assert distance(y, lambda x: (x + 1) / 4) < limit(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal(dtype: DTypeLike):
    y = drawn("RandomNormal", dtype=onnx_type(dtype), mean=0.5, scale=2.0, seed=3.0)
    assert (y.dtype, y.shape) == (dtype, (200, 200))
    wide = y.astype(np.float64)
    assert np.isfinite(wide).all()
    assert abs(wide.mean() - 0.5) < 4 * 2 / math.sqrt(COUNT)
    assert wide.var() == pytest.approx(4, rel=0.03)
    assert distance(y, lambda x: 0.5 + 0.5 * math.erf((x - 0.5) / 2 / math.sqrt(2))) < limit(dtype)


def test_neighbours_are_independent():
    """Also the two draws that make one normal number, and numbers a row apart."""
    for op in ("RandomUniform", "RandomNormal"):
        x = drawn(op, (COUNT,), seed=1.0).astype(np.float64)
        for lag in (1, 2, 64, 200):
            assert abs(np.corrcoef(x[:-lag], x[lag:])[0, 1]) < 4 / math.sqrt(COUNT)
    table, _, _ = np.histogram2d(*drawn("RandomUniform", (2, COUNT), seed=5.0), bins=8)
    chi_squared = ((table - COUNT / 64) ** 2 / (COUNT / 64)).sum()
    assert 63 - 45 < chi_squared < 63 + 45  # four standard deviations, sqrt(2 * 63) each


@pytest.mark.parametrize("op", ["RandomUniform", "RandomNormal"])
def test_the_seed_decides(op: str):
    first, again, other = (drawn(op, seed=s, name=n) for s, n in ((1.0, "a"), (1.0, "b"), (1.5, "a")))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    unseeded = [drawn(op, name=name) for name in ("a", "a", "b")]
    np.testing.assert_array_equal(unseeded[0], unseeded[1])
    assert (unseeded[0] != unseeded[2]).mean() > 0.99


def test_a_number_depends_on_seed_and_position_only():
    """The first numbers are the same of any shape, static or not; the interpreter draws them as well."""
    large, small = drawn("RandomUniform", (1000, 1000), seed=7.0), drawn("RandomUniform", (4, 5), seed=7.0)
    np.testing.assert_array_equal(large.reshape(-1)[:20], small.reshape(-1))
    model = make_model([helper.make_node("RandomUniformLike", ["x"], ["y"], seed=7.0)], {"x": ["rows", 5]})
    x = np.zeros((4, 5), np.float32)
    np.testing.assert_array_equal(native(model, x)[0], small)
    np.testing.assert_array_equal(run(model, x)[0], small)


@pytest.mark.parametrize("op", ["RandomUniformLike", "RandomNormalLike"])
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, np.bool_])
def test_like_takes_shape_and_floats_from_its_input(op: str, dtype: DTypeLike):
    x, is_float = np.zeros((3, 7), dtype), np.dtype(dtype) in map(np.dtype, FLOATS)
    given: dict[str, Any] = {} if is_float else {"dtype": onnx_type(np.float32)}
    (y,) = native(make_model([helper.make_node(op, ["x"], ["y"], **given)], {"x": Typed([3, "n"], dtype)}), x)
    assert (y.dtype, y.shape) == (dtype if is_float else np.float32, (3, 7))
    assert len(np.unique(y)) > 10


def test_what_is_not_a_float_is_refused():
    for node in (
        helper.make_node("RandomUniformLike", ["x"], ["y"]),
        helper.make_node("RandomNormal", [], ["y"], shape=[2], dtype=onnx_type(np.int32)),
        helper.make_node("RandomNormal", [], ["y"], shape=[-2]),
    ):
        with pytest.raises(BadModelError, match="Random"):
            run(make_model([node], {"x": Typed([2], np.int64)}), np.zeros(2, np.int64))


@pytest.mark.parametrize("to", [*FLOATS, *INTEGERS, np.bool_])
@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli(dtype: DTypeLike, to: DTypeLike):
    p = np.array([[0.0], [0.25], [0.9], [1.0]]).astype(dtype)
    node = helper.make_node("Bernoulli", ["x"], ["y"], seed=1.0, dtype=onnx_type(to))
    (y,) = native(make_model([node], {"x": Typed([4, 4000], dtype)}), np.broadcast_to(p, (4, 4000)).copy())
    assert y.dtype == to
    share = (y.astype(np.float64) == 1).mean(1)
    assert set(np.unique(y.astype(np.float64))) <= {0.0, 1.0}
    assert (share[0], share[3]) == (0, 1)
    np.testing.assert_allclose(share, p[:, 0].astype(np.float64), atol=4 * 0.5 / math.sqrt(4000))


def test_bernoulli_keeps_the_type_of_its_input():
    for dtype in FLOATS:
        model = make_model([helper.make_node("Bernoulli", ["x"], ["y"])], {"x": Typed([9], dtype)})
        assert native(model, np.full(9, 0.5, dtype))[0].dtype == dtype


@pytest.mark.parametrize("to", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", FLOATS)
def test_multinomial(dtype: DTypeLike, to: DTypeLike):
    p = np.array([[0.1, 0.0, 0.2, 0.7, 0.0], [0.0, 0.5, 0.25, 0.25, 0.0]])
    with np.errstate(divide="ignore"):
        x = (np.log(p) + 3).astype(dtype)
    node = helper.make_node("Multinomial", ["x"], ["y"], seed=4.0, sample_size=20_000, dtype=onnx_type(to))
    (y,) = native(make_model([node], {"x": Typed(["rows", 5], dtype)}), x)
    assert (y.dtype, y.shape) == (to, (2, 20_000))
    share = np.stack([np.bincount(row, minlength=5) / 20_000 for row in y])
    assert (share[p == 0] == 0).all()
    np.testing.assert_allclose(share, p, atol=4 * 0.5 / math.sqrt(20_000) + ROUNDING.get(np.dtype(dtype), 0))


def test_multinomial_draws_int32_of_one_sample_unless_told_otherwise():
    model = make_model([helper.make_node("Multinomial", ["x"], ["y"])], {"x": ["rows", "classes"]})
    (y,) = native(model, np.zeros((3, 4), np.float32))
    assert (y.dtype, y.shape) == (np.int32, (3, 1))
    assert ((y >= 0) & (y < 4)).all()


def test_runs_and_sessions_draw_the_same():
    """Documented: a model is a function of its inputs."""
    nodes: list[onnx.NodeProto] = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"]),
        helper.make_node("Add", ["x", "noise"], ["y"]),
    ]
    model = make_model(nodes, {"x": ["n"]})
    x = np.zeros(1000, np.float32)
    found = [tilewright.compile(model, threads=threads).run({"x": x})["y"] for threads in (1, 2)]
    np.testing.assert_array_equal(found[0], found[1])
