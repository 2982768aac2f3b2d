"""Minimal filtering F(m, r): m outputs of an r-tap filter by m + r - 1 multiplications (Toom 1963, Cook 1966; Winograd 1980).

The taps and the m + r - 1 inputs of a tile are evaluated, as polynomials, at as many points; products there are the values of
the outputs' polynomial, which is interpolated. In matrix form y = A^T [(G g) * (B^T d)]; applied to rows and columns of a tile
it gives F(m x m, r x r) (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks").

The points are 0, pairs of p and -p, and infinity. A pair costs little more than one point, because the even and the odd part of
a polynomial at p give its value at -p too. Which points decides about rounding errors: for tiles of six, 5/8 and 3/2 give about
a third of the error of the textbook's 1 and 2, and all coefficients of B^T are exact in f32. Scale factors are in G, which works
on weights, once.

Stride 2 is two filters of stride 1, on the inputs of even and of odd number: of a filter of three, the outer taps and the middle
one. For four outputs the first is an F(4, 2) of five products, at two pairs of points and infinity, the second four products with
one tap. Together they are a bilinear algorithm of nine products like any other, where the last four share a filter value.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Filtering:
    """A one-dimensional algorithm for `outputs` outputs of a filter of three taps; as many products as inputs."""

    outputs: int
    stride: int
    pairs: tuple[Fraction, ...]
    """The positive point of each pair."""
    zero: bool
    """Whether 0 is a point."""

    @property
    def inputs(self) -> int:
        return (self.outputs - 1) * self.stride + TAPS

    @property
    def points(self) -> list[Fraction]:
        """The finite points, in the order of their products; infinity comes after them."""
        return [*([Fraction(0)] if self.zero else []), *(sign * p for p in self.pairs for sign in (1, -1))]

    @property
    def evaluated(self) -> int:
        """Products that belong to points; with stride 2 the others are of the middle tap."""
        return len(self.points) + 1

    @property
    def filters(self) -> int:
        """Values of a transformed filter."""
        return self.evaluated + self.stride - 1


TAPS = 3
FILTERINGS: dict[int, Filtering] = {
    f.inputs: f
    for f in (
        Filtering(2, 1, (Fraction(1),), zero=True),
        Filtering(4, 1, (Fraction(5, 8), Fraction(3, 2)), zero=True),
        Filtering(4, 2, (Fraction(1, 2), Fraction(9, 8)), zero=False),
    )
}
"""By the number of inputs of a tile."""


@cache
def even_products(pairs: tuple[Fraction, ...]) -> tuple[float, ...]:
    """Coefficients of prod(x^2 - p^2), of x^0, x^2, x^4, ..."""
    coefficients = [Fraction(1)]
    for p in pairs:
        shifted = [Fraction(0), *coefficients]
        coefficients = [s - p * p * c for s, c in zip(shifted, [*coefficients, Fraction(0)], strict=True)]
    return tuple(map(float, coefficients))


@cache
def filter_matrix(alpha: int) -> tuple[tuple[float, ...], ...]:
    """G, [filter values][taps]: powers of each point over the product of its distances from the others, then infinity.

    With stride 2 these are of the outer taps, and the middle tap comes last.
    """
    filtering = FILTERINGS[alpha]
    points, powers = filtering.points, TAPS if filtering.stride == 1 else TAPS - 1
    rows: list[list[float]] = []
    for p in points:
        scale = prod((p - q for q in points if q != p), start=Fraction(1))
        rows.append([float(p**k / scale) for k in range(powers)])
    rows.append([float(k == powers - 1) for k in range(powers)])
    if filtering.stride == 2:
        rows = [*([first, 0.0, last] for first, last in rows), [0.0, 1.0, 0.0]]
    return tuple(map(tuple, rows))


def transform_filters(filters: Array, alpha: int) -> Array:
    """G g G^T for filters [.., 3, 3]: [.., filter values, filter values] in f64.

    Plain multiplications and additions in a fixed order: the same bits on every CPU, and in a kernel that does the same.
    """
    matrix = filter_matrix(alpha)
    g = filters.astype(np.float64)
    rows = np.stack([_combined([g[..., k, :] for k in range(g.shape[-2])], line) for line in matrix], axis=-2)
    return np.stack([_combined([rows[..., k] for k in range(g.shape[-1])], line) for line in matrix], axis=-1)


def _combined(arrays: list[Array], factors: tuple[float, ...]) -> Array:
    total = arrays[0] * factors[0]
    for array, factor in zip(arrays[1:], factors[1:], strict=True):
        total = total + array * factor
    return total
