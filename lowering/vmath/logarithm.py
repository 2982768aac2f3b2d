"""log, log1p, log2, log10 and what is made of them: asinh, acosh, atanh.

x = 2**k m with sqrt(1/2) <= m < sqrt(2), and log(x) = k ln(2) + log(m). f = m - 1 is exact. In f32 log(1 + f) is a
polynomial in f; in f64 it is 2 atanh(f / (2 + f)), which needs half as many terms and one division.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import inf, nan

from .exponential import RANGES
from .expression import F32, Expr, horner, where
from .tables import ATANH, LOG

LN2 = 0.6931471805599453
_SQRT_HALF_BITS = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}


@dataclass(frozen=True)
class Split:
    """x = 2**k (1 + f)."""

    k: Expr
    f: Expr
    exponent: Expr
    """k in the position of the exponent: an integer, k << mantissa."""


def split(x: Expr) -> Split:
    """For positive normal x; k is a float."""
    fmt = x.format
    bits = x.bits()
    # Subtracting sqrt(1/2) moves the break between two exponents there; the sign shift floors.
    k = (bits - _SQRT_HALF_BITS[fmt.width]).shift_signed(fmt.mantissa)
    exponent = k << fmt.mantissa
    f = (bits - exponent).from_bits() - 1.0
    # k + shifter as a float, built from its bits: works for lanes of any width on every target.
    shifted = (k + _float_bits(fmt.shifter, fmt.width)).from_bits()
    return Split(shifted - fmt.shifter, f, exponent)


def _float_bits(number: float, width: int) -> int:
    """The bits of a float of this width, as a signed integer."""
    integer, real = ("<i", "<f") if width == 32 else ("<q", "<d")
    return struct.unpack(integer, struct.pack(real, number))[0]


def split_any(x: Expr) -> Split:
    """For positive x, subnormal numbers too."""
    fmt = x.format
    tiny = x < fmt.smallest_normal
    parts = split(where(tiny, x * 2.0**fmt.mantissa, x))
    return Split(where(tiny, parts.k - float(fmt.mantissa), parts.k), parts.f, parts.exponent)


def _log_of_parts(k: Expr, f: Expr) -> Expr:
    """k ln(2) + log(1 + f), the terms added from the smallest."""
    ln2 = RANGES[f.format]
    square = f * f
    if f.format == F32:
        rest = square * f.fma(horner(f, LOG[32]), -0.5)
        return k.fma(ln2.ln2_head, f + k.fma(ln2.ln2_tail, rest))
    s = f / (f + 2.0)
    half = square * 0.5
    u = s * s
    # 2 atanh(s) = 2s + 2u s A(u), and f - 2s = s f = f^2/2 - s f^2/2: f stays exact and the rest is small.
    rest = s.fma(half + (u + u) * horner(u, ATANH[64]), k * ln2.ln2_tail)
    return k.fma(ln2.ln2_head, f - (half - rest))


def _checked(x: Expr, result: Expr, pole: float) -> Expr:
    """`result` for finite x above the pole; -inf at it, inf at inf, NaN below it and for NaN."""
    result = where(x < inf, result, x)
    return where(x > pole, result, where(x.equals(pole), result.constant(-inf), nan))


def log(x: Expr) -> Expr:
    """The natural logarithm."""
    parts = split_any(x)
    return _checked(x, _log_of_parts(parts.k, parts.f), 0.0)


def log1p(x: Expr) -> Expr:
    """log(1 + x), accurate near 0: the rounding error of 1 + x is scaled like m and added to f."""
    fmt = x.format
    u = x + 1.0
    part = u - 1.0
    error = (x - part) + (1.0 - (u - part))
    parts = split(u)
    down = (_float_bits(1.0, fmt.width) - parts.exponent).from_bits()  # 2**-k
    correction = where(u < 2.0 ** (fmt.mantissa + 2), error * down, 0.0)
    result = _log_of_parts(parts.k, parts.f + correction)
    return _checked(x, result, -1.0).with_sign_of(x)


@dataclass(frozen=True)
class Scaled:
    """log2(e) or log10(e) and log(2) in that base, head and tail. A head has trailing zeros, so that products are exact."""

    factor: float
    factor_tail: float
    two: float
    two_tail: float


def _log_in_base(x: Expr, base: Scaled) -> Expr:
    """f64 only: log(m) is kept as head + tail and multiplied by the factor in parts."""
    parts = split_any(x)
    k, f = parts.k, parts.f
    s = f / (f + 2.0)
    half = f * f * 0.5
    u = s * s
    rest = s * (half + (u + u) * horner(u, ATANH[64]))
    head = ((f - half).bits() & -(1 << 32)).from_bits()
    tail = (f - head) - half + rest
    small = tail * (base.factor + base.factor_tail) + head * base.factor_tail + k * base.two_tail
    result = k * base.two + (head * base.factor + small)
    return _checked(x, result, 0.0)


_hex = float.fromhex
_LOG2 = Scaled(_hex("0x1.715476p+0"), _hex("0x1.4ae0bf85ddf44p-26"), 1.0, 0.0)
_LOG10 = Scaled(
    factor=_hex("0x1.bcb7bp-2"),
    factor_tail=_hex("0x1.526e50e32a6abp-26"),
    two=_hex("0x1.34413509f7p-2"),
    two_tail=_hex("0x1.3fde623e2566bp-43"),
)


def log2(x: Expr) -> Expr:
    """The logarithm in base 2; f64 only."""
    return _log_in_base(x, _LOG2)


def log10(x: Expr) -> Expr:
    """The logarithm in base 10; f64 only."""
    return _log_in_base(x, _LOG10)


def asinh(x: Expr) -> Expr:
    """log(a + sqrt(a^2 + 1)) for a = |x|, as log1p of a sum of positive terms."""
    a = abs(x)
    square = a * a
    inner = a + square / (1.0 + (square + 1.0).sqrt())
    huge = a > 2.0 ** (x.format.mantissa // 2 + 2)
    log_ = log1p(where(huge, a - 1.0, inner))
    return where(huge, log_ + LN2, log_).with_sign_of(x)


def acosh(x: Expr) -> Expr:
    """log(x + sqrt(x^2 - 1)) = log1p(t + sqrt(2t + t^2)), t = x - 1; NaN below 1."""
    t = x - 1.0
    huge = x > 2.0 ** (x.format.mantissa // 2 + 2)
    log_ = log1p(where(huge, t, t + (t * (t + 2.0)).sqrt()))
    return where(x >= 1.0, where(huge, log_ + LN2, log_), nan)


def atanh(x: Expr) -> Expr:
    """log1p(2a / (1 - a)) / 2 for a = |x|; infinite at 1, NaN above."""
    a = abs(x)
    return (log1p((a + a) / (1.0 - a)) * 0.5).with_sign_of(x)
