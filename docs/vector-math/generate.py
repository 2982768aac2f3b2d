# pyright: basic
"""Write `tables.py`, the polynomial coefficients: python docs/vector-math/generate.py > lowering/vmath/tables.py

Each row says which function is approximated, on which interval, and which error counts: the error relative to the
finished function, of which the polynomial is only a part. Takes several minutes; an argument gives the number of processes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import mpmath as mp
from remez import Problem, Real, fit

LN2_HALF = mp.log(2) / 2 * mp.mpf("1.0001")
LOG_LO, LOG_HI = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(2) - 1
HALF_TURN, QUARTER = (mp.pi / 2) ** 2 * mp.mpf("1.0005"), (mp.pi / 4) ** 2 * mp.mpf("1.0005")
TAN_EIGHTH = (mp.sqrt(2) - 1) ** 2 * mp.mpf("1.0001")
ERF_SLOPE = 2 / mp.sqrt(mp.pi)

Form = tuple[Real, Real]
"""The function that the polynomial approximates, and the weight of its error."""


def _at_zero(function: Real, limit: float | mp.mpf) -> Real:
    return lambda x: mp.mpf(limit) if x == 0 else function(x)


def _odd(function: Real, third: mp.mpf) -> Form:
    """(function(x) - x) / x**3 in terms of u = x**2."""

    def target(u: mp.mpf) -> mp.mpf:
        x = mp.sqrt(u)
        return (function(x) / x - 1) / u

    def weight(u: mp.mpf) -> mp.mpf:
        x = mp.sqrt(u)
        return u * x / function(x)

    return _at_zero(target, third), _at_zero(weight, 0)


def _log_part(f: mp.mpf) -> mp.mpf:
    return (mp.log1p(f) - f + f * f / 2) / f**3


def _erf_ratio(u: mp.mpf) -> mp.mpf:
    x = mp.sqrt(u)
    return mp.erf(x) / x


def _gaussian_tail(x: mp.mpf) -> mp.mpf:
    return mp.erfc(x / mp.sqrt(2)) / 2


SIN, ATAN, ATANH = _odd(mp.sin, -mp.mpf(1) / 6), _odd(mp.atan, -mp.mpf(1) / 3), _odd(mp.atanh, mp.mpf(1) / 3)
ASIN, SINH, TANH = _odd(mp.asin, mp.mpf(1) / 6), _odd(mp.sinh, mp.mpf(1) / 6), _odd(mp.tanh, -mp.mpf(1) / 3)
POW_ATANH: Form = (
    _at_zero(lambda u: (ATANH[0](u) - mp.mpf(1) / 3) / u, mp.mpf(1) / 5),
    _at_zero(lambda u: u * ATANH[1](u), 0),
)
EXP: Form = (_at_zero(lambda r: (mp.expm1(r) - r) / r**2, 0.5), lambda r: r**2 / mp.exp(r))
EXP2: Form = (_at_zero(lambda r: mp.expm1(r * mp.log(2)) / r, mp.log(2)), lambda r: r / mp.exp(r * mp.log(2)))
LOG: Form = (_at_zero(_log_part, mp.mpf(1) / 3), _at_zero(lambda f: f**3 / mp.log1p(f), 0))
LOG2: Form = (
    _at_zero(lambda f: mp.log1p(f) / f / mp.log(2), 1 / mp.log(2)),
    _at_zero(lambda f: f * mp.log(2) / mp.log1p(f), mp.log(2)),
)
LOG1P: Form = (_at_zero(lambda e: mp.log1p(e) / e, 1), _at_zero(lambda e: e / mp.log1p(e), 1))
COS: Form = (
    _at_zero(lambda u: (mp.cos(mp.sqrt(u)) - 1 + u / 2) / u**2, mp.mpf(1) / 24),
    lambda u: u**2 / mp.cos(mp.sqrt(u)),
)
ERF_SMALL: Form = (
    _at_zero(lambda u: _erf_ratio(u) - 1, ERF_SLOPE - 1),
    _at_zero(lambda u: mp.mpf(1) / _erf_ratio(u), 1 / ERF_SLOPE),
)
ERF_LARGE: Form = (lambda x: -mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x))
GELU: Form = (lambda x: -mp.log(_gaussian_tail(x)), lambda x: _gaussian_tail(x) * (x + 1))


@dataclass(frozen=True)
class Row:
    """One polynomial: `width` is that of the function it serves, `bits` those of a coefficient."""

    name: str
    width: int
    degree: int
    form: Form
    lo: float | mp.mpf
    hi: float | mp.mpf
    bits: int
    formula: str = ""


ROWS: Sequence[Row] = (
    Row("EXP", 32, 4, EXP, -LN2_HALF, LN2_HALF, 24, "exp(r) = 1 + r + r^2 EXP(r), |r| <= ln(2)/2"),
    Row("EXP", 64, 9, EXP, -LN2_HALF, LN2_HALF, 53),
    Row("EXP2", 32, 5, EXP2, -0.5, 0.5, 24, "exp2(r) = 1 + r EXP2(r), |r| <= 1/2"),
    Row("EXP2", 64, 10, EXP2, -0.5, 0.5, 53),
    Row("LOG", 32, 7, LOG, LOG_LO, LOG_HI, 24, "log(1+f) = f - f^2/2 + f^3 LOG(f), sqrt(1/2) <= 1+f <= sqrt(2)"),
    Row("ATANH", 64, 6, ATANH, 0, (mp.sqrt(2) - 1) ** 4, 53, "atanh(s) = s + s^3 ATANH(s^2), |s| <= 3 - sqrt(8)"),
    Row("LOG1P_UNIT", 32, 9, LOG1P, 0, 1, 24, "log1p(e) = e LOG1P_UNIT(e), 0 <= e <= 1"),
    Row("SIN", 32, 4, SIN, 0, HALF_TURN, 53, "sin(r) = r + r^3 SIN(r^2), |r| <= pi/2"),
    Row("SIN", 64, 8, SIN, 0, HALF_TURN, 53),
    Row("SIN_QUARTER", 64, 5, SIN, 0, QUARTER, 53, "sin(r) = r + r^3 SIN_QUARTER(r^2), |r| <= pi/4"),
    Row("COS_QUARTER", 64, 5, COS, 0, QUARTER, 53, "cos(r) = 1 - r^2/2 + r^4 COS_QUARTER(r^2), |r| <= pi/4"),
    Row("ATAN", 64, 10, ATAN, 0, TAN_EIGHTH, 53, "atan(z) = z + z^3 ATAN(z^2), |z| <= tan(pi/8)"),
    Row("ASIN", 64, 12, ASIN, 0, 0.25, 53, "asin(z) = z + z^3 ASIN(z^2), |z| <= 1/2"),
    Row("SINH", 64, 6, SINH, 0, 1, 53, "sinh(x) = x + x^3 SINH(x^2), |x| <= 1"),
    Row("TANH", 32, 4, TANH, 0, 0.3026, 24, "tanh(x) = x + x^3 TANH(x^2), |x| <= 0.55"),
    Row("TANH", 64, 10, TANH, 0, 0.3026, 53),
    Row("ERF_SMALL", 32, 6, ERF_SMALL, 0, 0.81, 24, "erf(x) = x + x ERF_SMALL(x^2), |x| <= 0.9 (f32), 1 (f64)"),
    Row("ERF_SMALL", 64, 11, ERF_SMALL, 0, 1, 53),
    Row("ERF_LARGE", 32, 6, ERF_LARGE, 0.89, 3.93, 24, "erf(x) = 1 - exp(-ERF_LARGE(x)), above that"),
    Row("ERF_LARGE", 64, 19, ERF_LARGE, 0.99, 5.94, 53),
    Row("GELU", 32, 8, GELU, 0, 5.6, 24, "P(X > x) = exp(-GELU(x)) for a standard normal X, 0 <= x <= 5.6; grows beyond"),
    Row("POW_LOG2", 32, 14, LOG2, LOG_LO, LOG_HI, 53, "log2(1+f) = f POW_LOG2(f), in f64 for an f32 result"),
    Row("POW_ATANH", 64, 6, POW_ATANH, 0, (mp.sqrt(2) - 1) ** 4, 53, "atanh(s) = s + s^3 / 3 + s^5 POW_ATANH(s^2)"),
    Row("POW_EXP2", 32, 7, EXP2, -0.5, 0.5, 53, "exp2(r) = 1 + r POW_EXP2(r), in f64 for an f32 result"),
)


def render(row: Row) -> str:
    """The lines of one row: its error, and the coefficients."""
    problem = Problem(*row.form, mp.mpf(row.lo), mp.mpf(row.hi), row.degree)
    coefficients, error = fit(problem, row.bits)
    numbers = "".join(f"        {float(c)!r},\n" for c in coefficients)
    return f"    {row.width}: (  # error 2**{float(mp.log(error, 2)):.1f}\n{numbers}    ),\n"


def _render_number(index: int) -> str:
    return render(ROWS[index])  # by number: the forms are closures, which do not pickle


def main() -> None:
    """Print the module `tables`."""
    with ProcessPoolExecutor(int(sys.argv[1]) if len(sys.argv) > 1 else 1) as pool:
        bodies = list(pool.map(_render_number, range(len(ROWS))))
    print('"""Polynomial coefficients, lowest power first, by width of the result; from docs/vector-math/generate.py."""\n')
    print("Table = dict[int, tuple[float, ...]]")
    for name in dict.fromkeys(row.name for row in ROWS):
        rows = [(row, body) for row, body in zip(ROWS, bodies, strict=True) if row.name == name]
        print(f"\n# {rows[0][0].formula}\n{name}: Table = {{\n{''.join(body for _, body in rows)}}}")


if __name__ == "__main__":
    main()
