"""Conversions between f32 and the floats of a byte or less, as integer arithmetic on scalars and vectors.

An element of such a type is its bits in an i8, in memory and in registers; nothing but casts looks inside. The formats are
described by xDSL's `FloatSemantics`. All round to nearest even but f8E8M0FNU, whose rounding the cast chooses.
ONNX Cast; OCP 8-bit floating point specification; Micikevicius et al., "FP8 formats for deep learning" (2022).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import (
    Float8E8M0FNUType,
    FloatNanEncoding,
    FloatNonfiniteBehavior,
    FloatSemantics,
    ReducedPrecisionFloatType,
    f32,
    f64,
)
from xdsl.ir import Attribute

from ..dialects import arith
from ..dialects.graph.base import ui8, ui32, ui64
from .values import Value

_F32_MANTISSA, _F32_BIAS = 23, 127
_INFINITY, _QUIET_NAN = 0x7F800000, 0x7FC00000
_MAGNITUDE = 0x7FFFFFFF


@dataclass(frozen=True)
class Format:
    """The codes of a signed format without their sign bit.

    Attributes:
        largest: code of the largest finite number.
        overflow: code of what is too large and doesn't saturate.
        nan: code of NaN; one of a set sign bit stands for both signs.
    """

    mantissa: int
    bias: int
    sign: int
    largest: int
    overflow: int
    nan: int

    @staticmethod
    def of(semantics: FloatSemantics) -> Format:
        s = semantics
        ones = (1 << s.sign_shift) - 1
        sign = 1 << s.sign_shift
        match s.nonfinite, s.nan_encoding:
            case FloatNonfiniteBehavior.IEEE, _:
                infinity = s.max_exponent << s.mantissa_bits
                codes = infinity - 1, infinity, infinity | 1 << (s.mantissa_bits - 1)
            case FloatNonfiniteBehavior.FINITE_ONLY, _:
                codes = ones, ones, sign  # NaN becomes -0, as in the ml_dtypes package
            case _, FloatNanEncoding.NEGATIVE_ZERO:
                codes = ones, sign, sign
            case _:
                codes = ones - 1, ones, ones
        return Format(s.mantissa_bits, s.exponent_bias, s.sign_shift, *codes)


def encode(value: Value, to: ReducedPrecisionFloatType, saturate: bool, round_mode: str) -> Value:
    """An f32 or f64 value rounded once to the bits of a small float.

    What is too large, infinities included, becomes the largest number with `saturate`, else infinity or NaN. `round_mode` is
    for f8E8M0FNU.
    """
    x = value if value.element != f64 else _round_to_odd(value)
    bits = _bits(x)
    magnitude = bits & _MAGNITUDE
    if isinstance(to, Float8E8M0FNUType):
        return _narrow(_encode_exponent(magnitude, saturate, round_mode), to)
    form = Format.of(to.SEMANTICS)
    code = _round(magnitude, x, form)
    code = code.gt(form.largest).select(form.largest if saturate else form.overflow, code)
    code = magnitude.gt(_INFINITY).select(form.nan, code)
    signed = code | ((bits >> 31) << form.sign)
    if form.nan == 1 << form.sign:
        keeps = code.eq(form.nan)
        signed = (keeps if form.overflow == form.largest else keeps | code.eq(0)).select(code, signed)
    return _narrow(signed, to)


def decode(value: Value) -> Value:
    """The f32 with the value of a small float: exact."""
    element = value.element
    assert isinstance(element, ReducedPrecisionFloatType)
    code = Value(value.b, value.ssa, ui8).convert(arith.ExtUIOp, ui32)
    if isinstance(element, Float8E8M0FNUType):
        bits = code.eq(0xFF).select(_QUIET_NAN, code << _F32_MANTISSA)
        return _float(code.eq(0).select(1 << (_F32_MANTISSA - 1), bits))
    form = Format.of(element.SEMANTICS)
    magnitude = code & ((1 << form.sign) - 1)
    aligned = magnitude << (_F32_MANTISSA - form.mantissa)
    unit = (_F32_BIAS + 1 - form.bias) << _F32_MANTISSA  # bits of the smallest normal number
    subnormal = _bits(_float(aligned | unit) - 2.0 ** (1 - form.bias))
    bits = magnitude.lt(1 << form.mantissa).select(subnormal, aligned + (unit - (1 << _F32_MANTISSA)))
    bits = _nonfinite(bits, code, magnitude, form)
    return _float(bits | ((code >> form.sign) << 31))


def _nonfinite(bits: Value, code: Value, magnitude: Value, form: Format) -> Value:
    if form.nan == 1 << form.sign:
        return bits if form.overflow == form.largest else code.eq(form.nan).select(_QUIET_NAN, bits)
    if form.nan != form.overflow:
        bits = magnitude.eq(form.overflow).select(_INFINITY, bits)
        return magnitude.gt(form.overflow).select(_QUIET_NAN, bits)
    return magnitude.eq(form.nan).select(_QUIET_NAN, bits)


def _round(magnitude: Value, x: Value, form: Format) -> Value:
    """The code of |x| with the exponent unbounded above: normal numbers by integer addition, subnormals by a float addition."""
    shift = _F32_MANTISSA - form.mantissa
    odd = (magnitude >> shift) & 1
    normal = ((magnitude + odd + ((1 << (shift - 1)) - 1)) >> shift) - ((_F32_BIAS - form.bias) << form.mantissa)
    exponent = 1 - form.bias - form.mantissa + _F32_MANTISSA
    magic = 2.0**exponent  # its last mantissa bit weighs what the last subnormal bit does
    subnormal = _bits(abs(x) + magic) - ((exponent + _F32_BIAS) << _F32_MANTISSA)
    return magnitude.lt((_F32_BIAS + 1 - form.bias) << _F32_MANTISSA).select(subnormal, normal)


def _encode_exponent(magnitude: Value, saturate: bool, round_mode: str) -> Value:
    """f8E8M0FNU holds 2**-127 to 2**127 and NaN; a sign is ignored. Numbers halfway go up in mode "nearest"."""
    step = {"down": 0, "nearest": 1 << (_F32_MANTISSA - 1), "up": (1 << _F32_MANTISSA) - 1}[round_mode]
    normal, half = 1 << _F32_MANTISSA, 1 << (_F32_MANTISSA - 1)
    # Subnormals of f32 from 2**-127 on are brought to the form exponent 0, mantissa.
    level = magnitude.lt(normal).select((magnitude.maximum(half) << 1) - normal, magnitude)
    code = (level + step) >> _F32_MANTISSA
    code = code.minimum(0xFE) if saturate else magnitude.lt(half).select(0xFF, code.minimum(0xFF))
    return magnitude.gt(_INFINITY).select(0xFF, code)


def _round_to_odd(value: Value) -> Value:
    """f64 -> f32, towards zero with the last bit set where inexact, so that rounding again cannot round twice.

    Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008).
    """
    nearest = value.convert(arith.TruncFOp, f32)
    back, source = (v.convert(arith.BitcastOp, ui64) & (2**63 - 1) for v in (nearest.convert(arith.ExtFOp, f64), value))
    bits = _bits(nearest)
    bits = back.gt(source).select(bits - 1, bits)
    return _float(back.ne(source).select(bits | 1, bits))


def _bits(x: Value) -> Value:
    return x.convert(arith.BitcastOp, ui32)


def _float(bits: Value) -> Value:
    return bits.convert(arith.BitcastOp, f32)


def _narrow(code: Value, to: Attribute) -> Value:
    return code.convert(arith.TruncIOp, to)
