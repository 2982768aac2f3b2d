# pyright: basic
"""Minimax polynomials with machine-representable coefficients, in multiple precision.

`fit` runs the Remez exchange (E. Remez, 1934) on a weighted error, then rounds the coefficients to the target format
one at a time, from the largest term to the smallest, fitting the remaining ones again after each. Needs mpmath; it is
only run to write `tables.py` (see `generate.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mpmath as mp
import numpy as np

mp.mp.dps = 45
Real = Callable[[mp.mpf], mp.mpf]


@dataclass(frozen=True)
class Problem:
    """Approximate `target` on [lo, hi] by sum(c[k] * x**k) so that |weight * error| is smallest."""

    target: Real
    weight: Real
    lo: mp.mpf
    hi: mp.mpf
    degree: int


def round_to(value: mp.mpf, bits: int) -> mp.mpf:
    """The nearest value with `bits` significant bits (24: f32, 53: f64)."""
    if value == 0:
        return value
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), int(exponent) - bits)


def _nodes(lo: mp.mpf, hi: mp.mpf, count: int) -> list[mp.mpf]:
    return [(lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]


def _alternating(errors: Sequence[mp.mpf], count: int) -> list[int]:
    """Indices of `count` extrema of alternating sign, dropping the smallest; fewer if there are fewer."""
    picked: list[int] = []
    for i, error in enumerate(errors):
        if picked and (errors[picked[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[picked[-1]]):
                picked[-1] = i
        else:
            picked.append(i)
    while len(picked) > count:
        if len(picked) == count + 1:
            picked.pop(0 if abs(errors[picked[0]]) < abs(errors[picked[-1]]) else -1)
            continue
        smallest = min(range(1, len(picked) - 1), key=lambda j: abs(errors[picked[j]]))
        neighbour = max((smallest - 1, smallest + 1), key=lambda j: -abs(errors[picked[j]]))
        for j in sorted((smallest, neighbour), reverse=True):
            picked.pop(j)
    return picked


class _Exchange:
    """Remez over the free powers, the others being fixed; the sampled grid is shared by all rounds."""

    def __init__(self, problem: Problem, samples: int = 700):
        self.grid = _nodes(problem.lo, problem.hi, samples)
        self.target = [problem.target(x) for x in self.grid]
        weight = [abs(problem.weight(x)) for x in self.grid]
        self.weight = [max(w, max(weight) * mp.mpf(10) ** -9) for w in weight]
        self.powers = [[x**k for k in range(problem.degree + 1)] for x in self.grid]

    def _residual(self, i: int, coefficients: dict[int, mp.mpf]) -> mp.mpf:
        return self.target[i] - mp.fsum(c * self.powers[i][k] for k, c in coefficients.items())

    def _solve(self, points: Sequence[int], free: Sequence[int], fixed: dict[int, mp.mpf]) -> dict[int, mp.mpf]:
        size = len(points)
        matrix, right = mp.matrix(size, size), mp.matrix(size, 1)
        for row, i in enumerate(points):
            for column, k in enumerate(free):
                matrix[row, column] = self.powers[i][k]
            matrix[row, size - 1] = (-1) ** row / self.weight[i]
            right[row] = self._residual(i, fixed)
        solution = mp.lu_solve(matrix, right)
        return dict(zip(free, solution, strict=False))

    def run(self, free: Sequence[int], fixed: dict[int, mp.mpf]) -> tuple[dict[int, mp.mpf], mp.mpf]:
        """The best free coefficients and the largest weighted error over the grid."""
        count = len(free) + 1
        points = [round(i) for i in np.linspace(0, len(self.grid) - 1, count)]
        best: tuple[dict[int, mp.mpf], mp.mpf] | None = None
        for _ in range(30):
            coefficients = self._solve(points, free, fixed)
            every = fixed | coefficients
            errors = [self._residual(i, every) * self.weight[i] for i in range(len(self.grid))]
            largest = max(map(abs, errors))
            if best is None or largest < best[1]:
                best = coefficients, largest
            following = _alternating(errors, count)
            if len(following) < count or following == points:
                break
            points = following
        assert best is not None
        return best


def fit(problem: Problem, bits: int, fixed: Sequence[float] = ()) -> tuple[list[mp.mpf], mp.mpf]:
    """Coefficients c[0..degree], each with `bits` significant bits, and the largest weighted error.

    `fixed` pins the first coefficients.
    """
    exchange = _Exchange(problem)
    done: dict[int, mp.mpf] = {k: mp.mpf(c) for k, c in enumerate(fixed)}
    free = list(range(len(done), problem.degree + 1))
    while free:
        coefficients, _ = exchange.run(free, done)
        k = free.pop(0)
        done[k] = round_to(coefficients[k], bits)
    error = max(abs(exchange._residual(i, done) * w) for i, w in enumerate(exchange.weight))
    return [done[k] for k in range(problem.degree + 1)], error
