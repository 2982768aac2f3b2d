"""Floats of a byte or less and integers below a byte: every code, and rounding at its edges, scalar and vector code alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx.numpy_helper import saturate_cast, to_float8e8m0
from xdsl.dialects.builtin import f32
from xdsl.utils.exceptions import VerifyException

from tilewright.dialects.graph import elementwise as ew
from tilewright.dialects.graph.dtypes import element_type

from .test_pointwise import LANES, evaluate, values

Array = NDArray[Any]
FLOATS = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float4_e2m1fn")
INTEGERS = ("int4", "uint4", "int2", "uint2")


def dtype_of(name: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, name, name))


def casts(x: Array, target: np.dtype[Any], **how: Any) -> Array:
    """`x` cast by generated code, in vectors and one by one."""
    padded = np.concatenate([x, np.resize(x, -len(x) % LANES)])
    (operand,) = values(element_type(x.dtype))
    op = ew.CastOp(operand, element_type(target), **how)
    scalar, vector = (evaluate([op], [padded], lanes, len(padded))[0][: len(x)] for lanes in (0, LANES))
    np.testing.assert_array_equal(bits(scalar), bits(vector))
    return vector


def bits(x: Array) -> Array:
    return np.ascontiguousarray(x).view(f"u{x.dtype.itemsize}")


def same(found: Array, wanted: Array) -> None:
    """The same bits, where they are no NaN."""
    assert found.dtype == wanted.dtype
    a, b = found.astype(np.float64), wanted.astype(np.float64)
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    np.testing.assert_array_equal(bits(found)[~np.isnan(a)], bits(wanted)[~np.isnan(a)])


def edges(target: np.dtype[Any]) -> Array:
    """All numbers of a format, what lies between them, just beside both, and what is too large."""
    codes = np.arange(2 ** (4 if "4_" in target.name else 8), dtype=np.uint8).view(target).astype(np.float32)
    finite = np.unique(codes[np.isfinite(codes)])
    between = (finite[1:] + finite[:-1]) / 2
    exact = np.concatenate([finite, between, finite[-2:] * 1.5, finite[:2] * 1.5, finite[-1:] * 3]).astype(np.float32)
    beside = [np.nextafter(exact, np.float32(end)) for end in (-np.inf, np.inf)]
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-30, 3e38], np.float32)
    return np.concatenate([exact, *beside, special])


@pytest.mark.parametrize("name", [*FLOATS, "float8_e8m0fnu"])
def test_every_code_decodes(name: str) -> None:
    codes = np.arange(16 if name.startswith("float4") else 256, dtype=np.uint8).view(dtype_of(name))
    for target in ("float32", "float64", "bfloat16", "float16"):
        with np.errstate(over="ignore"):
            same(casts(codes, dtype_of(target)), codes.astype(np.float32).astype(dtype_of(target)))
    np.testing.assert_array_equal(casts(codes, np.dtype(bool)), codes.astype(np.float32) != 0)


@pytest.mark.parametrize("name", FLOATS)
def test_rounding_and_saturation(name: str) -> None:
    target = dtype_of(name)
    x = edges(target)
    with np.errstate(all="ignore"):
        same(casts(x, target), saturate_cast(x, target) if "8" in name else x.astype(target))
        same(casts(x, target, saturate=False), x.astype(target))
        half = x.astype(np.float16)
        same(casts(half, target), saturate_cast(half, target) if "8" in name else half.astype(target))


@pytest.mark.parametrize("name", FLOATS)
def test_doubles_are_rounded_once(name: str) -> None:
    """Just beside a tie, by less than f32 can tell."""
    target = dtype_of(name)
    ties = edges(target).astype(np.float64)
    codes = np.unique(np.arange(256 if "8" in name else 16, dtype=np.uint8).view(target).astype(np.float64))
    codes = codes[np.isfinite(codes)]
    ties = ties[np.isfinite(ties) & (abs(ties) < codes.max()) & (abs(ties) > 1e-20)]
    x = np.concatenate([ties * (1 + 2.0**-40), ties * (1 - 2.0**-40)])
    nearest = codes[np.abs(x[:, None] - codes).argmin(axis=1)]
    np.testing.assert_array_equal(casts(x, target).astype(np.float64), nearest)


@pytest.mark.parametrize("mode", ["up", "down", "nearest"])
def test_exponents(mode: str) -> None:
    powers = 2.0 ** np.arange(-126, 128, dtype=np.float64)
    x = np.concatenate([powers * f for f in (1, 1.1, 1.4999, 1.5, 1.75)]).astype(np.float32)
    x = np.concatenate([x[np.isfinite(x)], np.array([np.nan], np.float32)])
    same(casts(x, dtype_of("float8_e8m0fnu"), round_mode=mode), to_float8e8m0(x, True, mode))
    same(casts(x, dtype_of("float8_e8m0fnu"), saturate=False, round_mode=mode), to_float8e8m0(x, False, mode))


def test_exponents_of_what_is_out_of_range() -> None:
    """The table of ONNX Cast: saturated, and NaN otherwise; subnormals of f32 reach down to 2**-127."""
    target = dtype_of("float8_e8m0fnu")
    x = np.array([0.0, 1e-45, 2.0**-127, 1.5 * 2.0**-127, np.inf, 2.0**-126], np.float32)
    assert bits(casts(x, target)).tolist() == [0, 0, 0, 1, 0xFE, 1]
    assert bits(casts(x, target, saturate=False, round_mode="down")).tolist() == [0xFF, 0xFF, 0, 0, 0xFF, 1]


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_below_a_byte(name: str) -> None:
    target = dtype_of(name)
    width = int(name.lstrip("uint"))
    for source in ("int8", "uint8", "int32", "int64"):
        x = np.arange(-128, 128).astype(source)
        found = casts(x, target)
        np.testing.assert_array_equal(found.astype(np.int32), x.astype(target).astype(np.int32))
        assert bits(found).max() < 2**width
    codes = np.arange(2**width, dtype=np.uint8).view(target)
    for wide in ("int8", "int32", "float32", "float16", "bool"):
        np.testing.assert_array_equal(casts(codes, dtype_of(wide)), codes.astype(np.int32).astype(wide))
    x = np.arange(-8, 8, 0.25).astype(np.float32)
    np.testing.assert_array_equal(casts(x, target).astype(np.int32), x.astype(np.int32).astype(target).astype(np.int32))


def test_high_bits_of_a_byte_are_ignored() -> None:
    dirty = np.array([0xF5, 0x8B, 0x7F, 0x30], np.uint8)
    assert casts(dirty.view(ml_dtypes.int4), np.dtype(np.int8)).tolist() == [5, -5, -1, 0]
    assert casts(dirty.view(ml_dtypes.uint2), np.dtype(np.int8)).tolist() == [1, 3, 3, 0]


PAIRS: Sequence[tuple[str, str]] = [
    ("float32", "int32"),
    ("float64", "uint64"),
    ("float16", "uint16"),
    ("bfloat16", "int16"),
    ("bfloat16", "float16"),
    ("float8_e5m2", "int8"),
    ("float8_e4m3fn", "float8_e8m0fnu"),
    ("float4_e2m1fn", "int4"),
    ("int4", "uint4"),
    ("bool", "uint8"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_bitcasts_keep_the_bits(first: str, second: str) -> None:
    source, target = dtype_of(first), dtype_of(second)
    high = 2 if first == "bool" else 16 if "4" in second and source.itemsize == 1 and "8" not in second else 255
    raw = np.random.default_rng(0).integers(0, high, LANES * source.itemsize).astype(np.uint8)
    if source.itemsize > 1:
        raw[source.itemsize - 1 :: source.itemsize] &= 0x3F  # halves are kept as f32, which may quieten a NaN
    (operand,) = values(element_type(source))
    for lanes in (0, LANES):
        (found,) = evaluate([ew.BitcastOp(operand, element_type(target))], [raw.view(source)], lanes)
        np.testing.assert_array_equal(found.view(np.uint8), raw)


def test_small_floats_are_not_computed_with() -> None:
    (a,) = values(element_type(ml_dtypes.float8_e4m3fn))
    with pytest.raises(ValueError, match="takes number elements"):
        ew.AddOp(a, a)
    with pytest.raises(VerifyException, match="differ in width"):
        ew.BitcastOp(a, f32).verify()
    with pytest.raises(VerifyException, match="round_mode is one of"):
        ew.CastOp(a, f32, round_mode="odd").verify()
