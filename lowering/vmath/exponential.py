"""exp, exp2, expm1, tanh, sinh and cosh.

All start from x = n ln(2) + r with an integer n and |r| <= ln(2)/2 (Cody and Waite: ln(2) is split in a head with trailing
zeros, so that n * head is exact with or without a fused multiply-add) and a polynomial for exp(r). n is found by
adding a large constant: it is then in the low bits of the sum, ready to be shifted into an exponent.
"""

from __future__ import annotations

from dataclasses import dataclass

from .expression import F32, F64, Expr, Format, horner, where
from .tables import EXP, EXP2, SINH, TANH

_hex = float.fromhex
LOG2E = 1.4426950408889634


@dataclass(frozen=True)
class ExpRange:
    """Constants of one format. `low` and `high` are just past the arguments where exp becomes 0 and infinity."""

    ln2_head: float
    ln2_tail: float
    low: float
    high: float
    flush: float
    """Where n rounds to -bias: the power of two is then zero."""
    one: float
    """tanh is 1 from half of it on."""


RANGES: dict[Format, ExpRange] = {
    F32: ExpRange(_hex("0x1.62e4p-1"), _hex("0x1.7f7d1cp-20"), -104.0, 89.0, -88.03, 18.1),
    F64: ExpRange(_hex("0x1.62e42fefa3p-1"), _hex("0x1.3de6af278ece6p-42"), -746.0, 710.0, -709.08, 38.2),
}


@dataclass(frozen=True)
class Reduced:
    """x = n ln(2) + r; `biased` holds n + bias in its low bits."""

    n: Expr
    r: Expr
    biased: Expr

    def power(self) -> Expr:
        """2**n, for -bias <= n <= bias + 1: zero and infinity at the ends."""
        return (self.biased << self.r.format.mantissa).from_bits()

    def scale(self, value: Expr) -> Expr:
        """value * 2**n, rounded once: in two steps, because 2**n itself may be out of range."""
        mantissa = value.format.mantissa
        half = self.biased >> 1
        low, high = half << mantissa, (self.biased - half) << mantissa
        return value * low.from_bits() * high.from_bits()


def reduce(x: Expr, biases: int = 1, negate: bool = False) -> Reduced:
    """Split x, or -x. `biases` is 1 for `power` and 2 for `scale`."""
    fmt = x.format
    constants = RANGES[fmt]
    shifter = fmt.shifter + biases * fmt.bias
    shifted = x.fma(-LOG2E if negate else LOG2E, shifter)
    n = shifted - shifter
    if negate:  # r = -(x + n ln2): the polynomial takes -x and never needs the negation
        r = n.fma(constants.ln2_tail, n.fma(constants.ln2_head, x))
    else:
        r = n.fma(-constants.ln2_tail, n.fma(-constants.ln2_head, x))
    return Reduced(n, r, shifted.bits())


EXP_TAYLOR_HEAD = (1.0, 1.0)
"""The first coefficients of exp(r), which the tables leave out."""


def _exp_polynomial(r: Expr, negated: bool = False) -> Expr:
    """exp(r), or exp(-r)."""
    sign = -1.0 if negated else 1.0
    table = (*EXP_TAYLOR_HEAD, *EXP[r.format.width])
    return horner(r, [c * sign**k for k, c in enumerate(table)])


def exp(x: Expr) -> Expr:
    """e**x."""
    limits = RANGES[x.format]
    reduced = reduce(x.at_most(limits.high).at_least(limits.low), biases=2)
    return reduced.scale(_exp_polynomial(reduced.r))


def exp_bounded(x: Expr, negate: bool = False) -> Expr:
    """e**x (e**-x) where the result is known to be in the range of normal numbers, or 0 or infinity beside it."""
    reduced = reduce(x, negate=negate)
    return _exp_polynomial(reduced.r, negate) * reduced.power()


def exp_flushed(x: Expr, negate: bool = False, nonpositive: bool = False) -> Expr:
    """e**x (e**-x) with results below the smallest normal number set to 0, and above 2**(bias + 1/2) to infinity.

    A third faster than `exp`. NaN stays NaN. `nonpositive` promises that the exponent is not above 0.
    """
    limits = RANGES[x.format]
    if negate:
        x = x.at_most(-limits.flush)
        x = x if nonpositive else x.at_least(-limits.high)
    else:
        x = x.at_least(limits.flush)
        x = x if nonpositive else x.at_most(limits.high)
    return exp_bounded(x, negate)


def exp2(x: Expr) -> Expr:
    """2**x."""
    fmt = x.format
    shifter = fmt.shifter + 2 * fmt.bias
    x = x.at_most(fmt.bias + 1.5).at_least(-(fmt.bias + fmt.mantissa + 1.0))
    shifted = x + shifter
    n = shifted - shifter
    r = x - n
    return Reduced(n, r, shifted.bits()).scale(horner(r, (1.0, *EXP2[fmt.width])))


def _expm1_polynomial(r: Expr) -> Expr:
    """exp(r) - 1."""
    return (r * r).fma(horner(r, EXP[r.format.width]), r)


def expm1(x: Expr) -> Expr:
    """e**x - 1, accurate near 0."""
    fmt, limits = x.format, RANGES[x.format]
    smallest = -(fmt.mantissa + 3) / LOG2E
    reduced = reduce(x.at_most(limits.high).at_least(smallest), biases=1)
    # The largest n gives an infinite 2**n: halve the power there and double the result.
    top = reduced.n > fmt.bias + 0.5
    power = where(top, 2.0**fmt.bias, reduced.power())
    result = power.fma(_expm1_polynomial(reduced.r), power - 1.0)
    return where(top, result + result, result).with_sign_of(x)


def tanh(x: Expr) -> Expr:
    """An odd polynomial up to 0.55, and 1 - 2 / (e**2a + 1) for a = |x| above."""
    fmt, a, square = x.format, abs(x), x * x
    near = (x * square).fma(horner(square, TANH[fmt.width]), x)
    far = 1.0 - 2.0 / (exp_bounded((a + a).at_most(RANGES[fmt].one)) + 1.0)
    return where(a < 0.55, near, far).with_sign_of(x)


def _half_exp(a: Expr) -> Expr:
    """e**a / 2 for a >= 0, which overflows only where cosh does."""
    fmt = a.format
    reduced = reduce(a.at_most(RANGES[fmt].high + 1.0), biases=2)
    return Reduced(reduced.n, reduced.r, reduced.biased - 1).scale(_exp_polynomial(reduced.r))


def cosh(x: Expr) -> Expr:
    """(e**x + e**-x) / 2."""
    half = _half_exp(abs(x))
    return half + 0.25 / half


def sinh(x: Expr) -> Expr:
    """(e**x - e**-x) / 2; a polynomial where the two nearly cancel. f64 only."""
    a = abs(x)
    half = _half_exp(a)
    square = x * x
    near_zero = (x * square).fma(horner(square, SINH[x.format.width]), x)
    return where(a < 1.0, near_zero, (half - 0.25 / half).with_sign_of(x))
