"""powf: x**y = exp(y log(x)), with enough bits in the logarithm for exponents near overflow.

An f32 power is computed in f64. An f64 power keeps log(x) as an unevaluated sum head + tail of about 66 bits; its
products are split by masking (Dekker, 1971), which needs no fused multiply-add.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from .exponential import EXP_TAYLOR_HEAD, LOG2E, RANGES, Reduced
from .expression import F32, F64, Expr, horner, where
from .logarithm import split, split_any
from .tables import EXP, POW_ATANH, POW_EXP2, POW_LOG2

_SATURATES = 2.0**80
"""Larger exponents act like this one: |log2(x)| is 0 or above 2**-54."""


def powf(x: Expr, y: Expr) -> Expr:
    """x**y with the special cases of C's pow: 1 for y = 0 and for x = 1, even with NaN."""
    magnitude = _power_f32(x, y) if x.format is F32 else _power_f64(x, y)
    whole = y.floor().equals(y)
    odd = whole & (y * 0.5).floor().is_not(y * 0.5)
    negative = x.bits() < 0
    result = where(negative & odd, -magnitude, magnitude)
    finite_negative = (x < 0.0) & (x > -inf)
    result = where(finite_negative & whole.negated(), nan, result)
    return where(y.equals(0.0) | x.equals(1.0), 1.0, result)


def _at_ends(a: Expr, log_: Expr) -> Expr:
    """The logarithm of a >= 0, given it for positive finite a; NaN for NaN."""
    return where(a < inf, where(a > 0.0, log_, -inf), a)


def _power_f32(x: Expr, y: Expr) -> Expr:
    a = abs(x).to_f64()
    parts = split(a)
    log2_ = _at_ends(a, parts.f.fma(horner(parts.f, POW_LOG2[32]), parts.k))
    p = (y.to_f64().at_most(_SATURATES).at_least(-_SATURATES) * log2_).at_most(130.0).at_least(-152.0)
    shifter = F64.shifter + F64.bias
    shifted = p + shifter
    r = p - (shifted - shifter)
    power = (shifted.bits() << F64.mantissa).from_bits()
    return (power * horner(r, (1.0, *POW_EXP2[32]))).to_float(x.element)


@dataclass(frozen=True)
class _Pair:
    """head + tail, |tail| at most a few units in the last place of head."""

    head: Expr
    tail: Expr


def _quick_sum(a: Expr, b: Expr) -> _Pair:
    """a + b exactly, for |a| >= |b| or a = 0 (Dekker)."""
    head = a + b
    return _Pair(head, b - (head - a))


def _product(a: Expr, b: Expr) -> _Pair:
    """a * b, exact to about 107 bits."""
    head = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return _Pair(head, ((a_high * b_high - head) + a_high * b_low + a_low * b_high) + a_low * b_low)


def _halves(a: Expr) -> tuple[Expr, Expr]:
    high = (a.bits() & -(1 << 27)).from_bits()
    return high, a - high


_THIRD, _THIRD_TAIL = 1.0 / 3.0, 1.850371707708594e-17


def _log_pair(a: Expr) -> _Pair:
    """log(a) for positive finite a: k ln(2) + 2 s (1 + s^2 / 3 + ...), s = f / (2 + f)."""
    ln2 = RANGES[F64]
    parts = split_any(a)
    k, f = parts.k, parts.f
    bottom = _quick_sum(f.constant(2.0), f)
    s = f / bottom.head
    back = _product(s, bottom.head)
    s_tail = ((f - back.head) - back.tail - s * bottom.tail) / bottom.head
    square = _product(s, s)
    square_tail = square.tail + (s + s) * s_tail
    series = _quick_sum(f.constant(_THIRD), square.head * horner(square.head, POW_ATANH[64]))
    series_tail = series.tail + _THIRD_TAIL
    w = _product(square.head, series.head)
    w_tail = w.tail + square.head * series_tail + square_tail * series.head
    cube = _product(s, w.head)
    cube_tail = cube.tail + s * w_tail + s_tail * w.head
    log_m = _quick_sum(s, cube.head)
    log_m_tail = log_m.tail + (s_tail + cube_tail)
    total = _quick_sum(k * ln2.ln2_head, log_m.head * 2.0)
    return _quick_sum(total.head, total.tail + (log_m_tail * 2.0 + k * ln2.ln2_tail))


def _power_f64(x: Expr, y: Expr) -> Expr:
    ln2 = RANGES[F64]
    a, y = abs(x), y.at_most(_SATURATES).at_least(-_SATURATES)
    log_ = _log_pair(a)
    product = _product(y, log_.head)
    tail = product.tail + y * log_.tail
    ordinary = (a > 0.0) & (a < inf)
    p = where(ordinary, product.head, y * _at_ends(a, log_.head)).at_most(ln2.high).at_least(ln2.low)
    tail = where(p.equals(product.head), tail, 0.0)
    shifter = F64.shifter + 2 * F64.bias
    shifted = p.fma(LOG2E, shifter)
    n = shifted - shifter
    r = n.fma(-ln2.ln2_head, p) + (tail - n * ln2.ln2_tail)
    return Reduced(n, r, shifted.bits()).scale(horner(r, (*EXP_TAYLOR_HEAD, *EXP[64])))
