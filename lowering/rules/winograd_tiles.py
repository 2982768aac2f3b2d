"""The transforms of Winograd tiles on vectors of channels: B^T d B of inputs and A^T m A of products."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ..builder import LoopBuilder
from ..cook_toom import POINTS, even_products
from ..loop_types import type_of

Vectors = Sequence[SSAValue]
Transform = Callable[[LoopBuilder, Vectors], list[SSAValue]]


def transform_inputs(b: LoopBuilder, x: Vectors) -> list[SSAValue]:
    """B^T x for a column of a tile: the values at 0, at every pair of points, at infinity."""
    pairs = POINTS[len(x)]
    whole = even_products(pairs)
    count = len(whole)
    result = [_sum(b, x[0 : 2 * count : 2], whole)]
    for p in pairs:
        others = even_products(tuple(q for q in pairs if q != p))
        even = _sum(b, x[2 : 2 * count : 2], others)
        odd = _sum(b, x[1 : 2 * count - 1 : 2], others)
        result += _pair(b, even, odd, float(p))
    return [*result, _sum(b, x[1 : 2 * count : 2], whole)]


def transform_products(b: LoopBuilder, m: Vectors, outputs: int) -> list[SSAValue]:
    """A^T m for a column of products: output i adds up p^i m_p over the finite points, the last one also infinity's."""
    pairs = list(map(float, POINTS[len(m)]))
    sums = [b.addf(m[1 + 2 * i], m[2 + 2 * i]) for i in range(len(pairs))]
    differences = [b.binary(arith.SubfOp, m[1 + 2 * i], m[2 + 2 * i]) for i in range(len(pairs))]
    result: list[SSAValue] = []
    for i in range(outputs):
        factors = [p**i for p in pairs]
        total = _sum(b, differences if i % 2 else sums, factors)
        if i == 0:
            total = b.addf(total, m[0])
        if i == outputs - 1:
            total = b.addf(total, m[-1])
        result.append(total)
    return result


def _pair(b: LoopBuilder, even: SSAValue, odd: SSAValue, p: float) -> list[SSAValue]:
    """even + p odd and even - p odd."""
    if p == 1.0:
        return [b.addf(even, odd), b.binary(arith.SubfOp, even, odd)]
    factors = [b.const(f, type_of(odd)) for f in (p, -p)]
    return [b.fma(odd, factor, even) for factor in factors]


def _sum(b: LoopBuilder, values: Vectors, factors: Sequence[float]) -> SSAValue:
    """`sum(value * factor)` from the last term on; most often its factor is 1."""
    total: SSAValue | None = None
    for value, factor in reversed(list(zip(values, factors, strict=True))):
        if total is None:
            total = value if factor == 1.0 else b.mulf(value, b.const(factor, type_of(value)))
        elif factor == 1.0:
            total = b.addf(total, value)
        else:
            total = b.fma(value, b.const(factor, type_of(value)), total)
    assert total is not None
    return total


def transform_tile(columns: Sequence[Vectors], transform: Callable[[Vectors], list[SSAValue]]) -> list[list[SSAValue]]:
    """A transform of every column of a tile, then of every row of the result: [row][column]."""
    done = [transform(column) for column in columns]
    return [transform([column[row] for column in done]) for row in range(len(done[0]))]
