"""Minimal filtering F(m, r): m outputs of an r-tap filter by m + r - 1 multiplications (Toom 1963, Cook 1966; Winograd 1980).

The taps and the m + r - 1 inputs of a tile are evaluated, as polynomials, at as many points; products there are the values of
the outputs' polynomial, which is interpolated. In matrix form y = A^T [(G g) * (B^T d)]; applied to rows and columns of a tile
it gives F(m x m, r x r) (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks").

The points are 0, pairs of p and -p, and infinity. A pair costs little more than one point, because the even and the odd part of
a polynomial at p give its value at -p too. Which points decides about rounding errors: for tiles of six, 5/8 and 3/2 give about
a third of the error of the textbook's 1 and 2, and all coefficients of B^T are exact in f32. Scale factors are in G, which works
on weights, once.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

POINTS: dict[int, tuple[Fraction, ...]] = {4: (Fraction(1),), 6: (Fraction(5, 8), Fraction(3, 2))}
"""The positive point of each pair, by the number of inputs of a tile."""


def points_of(alpha: int) -> list[Fraction]:
    """The finite points of a tile of `alpha` inputs, in the order of its products; infinity comes after them."""
    return [Fraction(0), *(sign * p for p in POINTS[alpha] for sign in (1, -1))]


@cache
def even_products(pairs: tuple[Fraction, ...]) -> tuple[float, ...]:
    """Coefficients of prod(x^2 - p^2), of x^0, x^2, x^4, ..."""
    coefficients = [Fraction(1)]
    for p in pairs:
        shifted = [Fraction(0), *coefficients]
        coefficients = [s - p * p * c for s, c in zip(shifted, [*coefficients, Fraction(0)], strict=True)]
    return tuple(map(float, coefficients))


@cache
def filter_matrix(alpha: int, taps: int) -> tuple[tuple[float, ...], ...]:
    """G, [alpha][taps]: powers of each point over the product of its distances from the others; the last tap for infinity."""
    points = points_of(alpha)
    rows: list[tuple[float, ...]] = []
    for p in points:
        scale = Fraction(1)
        for q in points:
            scale *= p - q if q != p else 1
        rows.append(tuple(float(p**k / scale) for k in range(taps)))
    return (*rows, tuple(float(k == taps - 1) for k in range(taps)))


def transform_filters(filters: Array, alpha: int) -> Array:
    """G g G^T for filters [.., r, r]: [.., alpha, alpha] in f64.

    Plain multiplications and additions in a fixed order: the same bits on every CPU, and in a kernel that does the same.
    """
    matrix = filter_matrix(alpha, filters.shape[-1])
    g = filters.astype(np.float64)
    rows = np.stack([_combined([g[..., k, :] for k in range(g.shape[-2])], line) for line in matrix], axis=-2)
    return np.stack([_combined([rows[..., k] for k in range(g.shape[-1])], line) for line in matrix], axis=-1)


def _combined(arrays: list[Array], factors: tuple[float, ...]) -> Array:
    total = arrays[0] * factors[0]
    for array, factor in zip(arrays[1:], factors[1:], strict=True):
        total = total + array * factor
    return total
