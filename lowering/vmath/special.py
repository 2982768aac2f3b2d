"""erf, the inverse trigonometric functions, rsqrt, cbrt and round."""

from __future__ import annotations

from math import inf

from .exponential import exp, exp_bounded
from .expression import F32, F64, Expr, horner, where
from .logarithm import log
from .tables import ASIN, ATAN, ERF_LARGE, ERF_SMALL

_PI, _PI_TAIL = 3.141592653589793, 1.2246467991473532e-16
_ERF_SWITCH = {F32: 0.9, F64: 1.0}
_ERF_ONE = {F32: 3.93, F64: 5.93}


def erf(x: Expr) -> Expr:
    """An odd polynomial near 0, else 1 - erfc(x) with erfc(x) = exp(-polynomial)."""
    fmt, a = x.format, abs(x)
    near = x.fma(horner(x * x, ERF_SMALL[fmt.width]), x)
    exponent = horner(a.at_most(_ERF_ONE[fmt]), ERF_LARGE[fmt.width])
    far = 1.0 - exp_bounded(exponent, negate=True)
    return where(a < _ERF_SWITCH[fmt], near, far.with_sign_of(x))


def rsqrt(x: Expr) -> Expr:
    """1 / sqrt(x)."""
    return 1.0 / x.sqrt()


def round_half_away(x: Expr) -> Expr:
    """The nearest integer, halves away from zero; the addend is the largest number below 1/2."""
    below_half = 0.5 - 2.0 ** -(x.format.mantissa + 2)
    return (x + x.constant(below_half).with_sign_of(x)).trunc()


def cbrt(x: Expr) -> Expr:
    """exp(log(a) / 3) and one step of Newton's method. f64 only."""
    a = abs(x)
    guess = exp(log(a) * (1.0 / 3.0))
    step = (guess - a / (guess * guess)) * (1.0 / 3.0)
    return where((a > 0.0) & (a < inf), guess - step, guess).with_sign_of(x)


def atan(x: Expr) -> Expr:
    """pi/2 - atan(1/a), pi/4 + atan((a-1)/(a+1)) or atan(a), with the argument of atan below tan(pi/8). f64 only."""
    a = abs(x)
    steep, middle = a > 2.414213562373095, a > 0.41421356237309503
    numerator = where(steep, -1.0, where(middle, a - 1.0, a))
    denominator = where(steep, a, where(middle, a + 1.0, 1.0))
    offset = where(steep, a.constant(_PI / 2), where(middle, a.constant(_PI / 4), 0.0))
    tail = where(steep, a.constant(_PI_TAIL / 2), where(middle, a.constant(_PI_TAIL / 4), 0.0))
    z = numerator / denominator
    square = z * z
    return (offset + ((z * square).fma(horner(square, ATAN[64]), tail) + z)).with_sign_of(x)


def atan2(y: Expr, x: Expr) -> Expr:
    """The angle of the point (x, y), by quadrant. f64 only."""
    a, b = abs(x), abs(y)
    same = a.equals(b)  # also 0 and 0, infinity and infinity, whose quotient is NaN
    quotient = where(same, where(a > 0.0, a.constant(1.0), 0.0), b / a)
    angle = atan(quotient)
    left = x.bits() < 0
    angle = where(left, _PI - (angle - _PI_TAIL), angle)
    return where(x.is_not(x), x, where(y.is_not(y), y, angle)).with_sign_of(y)


def _asin_core(a: Expr) -> tuple[Expr, Expr]:
    """Whether a > 1/2, and asin(sqrt((1 - a) / 2)) where it is, else asin(a)."""
    outer = a > 0.5
    square = where(outer, (1.0 - a) * 0.5, a * a)
    z = where(outer, square.sqrt(), a)
    return outer, (z * square).fma(horner(square, ASIN[64]), z)


def asin(x: Expr) -> Expr:
    """An odd polynomial, or pi/2 - 2 asin(sqrt((1 - a) / 2)); NaN outside [-1, 1]. f64 only."""
    outer, core = _asin_core(abs(x))
    return where(outer, _PI / 2 - (core + core - _PI_TAIL / 2), core).with_sign_of(x)


def acos(x: Expr) -> Expr:
    """pi/2 - asin(x), or 2 asin(sqrt((1 - x) / 2)), or pi minus that for negative x. f64 only."""
    outer, core = _asin_core(abs(x))
    twice = core + core
    left = where(x < 0.0, _PI - (twice - _PI_TAIL), twice)
    return where(outer, left, _PI / 2 - (core.with_sign_of(x) - _PI_TAIL / 2))
