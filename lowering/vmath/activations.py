"""Activation functions in few ops, for arrays of megabytes of f32; f64 works too.

What is below the smallest normal number may become 0, and the limits are exact: sigmoid(-inf) is 0, gelu is 0 far below
0 and the identity far above. For the error bounds see docs/vector-math.md.
"""

from __future__ import annotations

from math import pi, sqrt

from .exponential import exp_bounded, exp_flushed
from .expression import F32, Expr, horner
from .logarithm import log1p
from .special import erf
from .tables import GELU, LOG1P_UNIT

_GELU_END = 10.537
"""Where the polynomial reaches 88.02: exp_bounded gives exactly 0 there."""


def exp_nonpositive(x: Expr) -> Expr:
    """e**x for x <= 0, as in softmax; NaN stays NaN."""
    return exp_flushed(x, nonpositive=True)


def sigmoid(x: Expr) -> Expr:
    """1 / (1 + e**-x)."""
    return 1.0 / (exp_flushed(x, negate=True) + 1.0)


def silu(x: Expr, beta: float = 1.0) -> Expr:
    """x sigmoid(beta x), also called swish; without the multiplication."""
    return _times_sigmoid(x, x if beta == 1.0 else x * beta)


def gelu_tanh(x: Expr) -> Expr:
    """x / 2 (1 + tanh(u)) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x**3)."""
    c = 2.0 * sqrt(2.0 / pi)
    return _times_sigmoid(x, x * (x * x).fma(0.044715 * c, c))


def _times_sigmoid(x: Expr, u: Expr) -> Expr:
    """x sigmoid(u)."""
    return x / (exp_flushed(u, negate=True) + 1.0)


def gelu(x: Expr) -> Expr:
    """x P(X < x) for a standard normal X: max(x, 0) - |x| P(X > |x|), free of cancellation for negative x."""
    if x.format is not F32:
        return x * 0.5 * (erf(x * sqrt(0.5)) + 1.0)
    a = abs(x).at_most(_GELU_END)
    return x.at_least(0.0) - a * exp_bounded(horner(a, GELU[32]), negate=True)


def softplus(x: Expr) -> Expr:
    """log(1 + e**x) = max(x, 0) + log1p(e**-|x|)."""
    e = exp_flushed(abs(x), negate=True, nonpositive=True)
    if x.format is not F32:
        return x.at_least(0.0) + log1p(e)
    return e.fma(horner(e, LOG1P_UNIT[32]), x.at_least(0.0))


def mish(x: Expr) -> Expr:
    """x tanh(softplus(x)) = x n / (n + 2) with n = e (e + 2), e = e**x; the fraction is 1 in f32 from x = 20 on."""
    e = exp_flushed(x.at_most(20.0 if x.format is F32 else 40.0), nonpositive=True)
    n = e * (e + 2.0)
    return x * (n / (n + 2.0))
