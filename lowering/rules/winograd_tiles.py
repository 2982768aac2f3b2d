"""The transforms of Winograd tiles on vectors of channels: B^T d B of inputs and A^T m A of products."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ..builder import LoopBuilder
from ..cook_toom import FILTERINGS, Filtering, even_products
from ..loop_types import type_of

Vectors = Sequence[SSAValue]


def transform_inputs(b: LoopBuilder, x: Vectors) -> list[SSAValue]:
    """B^T x for a column of a tile: the values at the points and at infinity, then with stride 2 the odd inputs as they are."""
    filtering = FILTERINGS[len(x)]
    if filtering.stride == 2:
        return [*_evaluate(b, x[0::2], filtering), *x[1::2]]
    return _evaluate(b, x, filtering)


def _evaluate(b: LoopBuilder, x: Vectors, filtering: Filtering) -> list[SSAValue]:
    pairs, shift = filtering.pairs, int(filtering.zero)
    whole = even_products(pairs)
    result = [_sum(b, x[0 : 2 * len(whole) : 2], whole)] if filtering.zero else []
    for p in pairs:
        others = even_products(tuple(q for q in pairs if q != p))
        low, high = (_sum(b, x[i : i + 2 * len(others) : 2], others) for i in (shift, shift + 1))
        result += _pair(b, high, low, float(p))
    return [*result, _sum(b, x[shift : shift + 2 * len(whole) : 2], whole)]


def transform_products(b: LoopBuilder, m: Vectors) -> list[SSAValue]:
    """A^T m for a column of products: output i adds up p^i m_p over the finite points, the last one also infinity's.

    With stride 2 the product of the middle tap comes on top.
    """
    filtering = FILTERINGS[len(m)]
    first = int(filtering.zero)
    pairs = list(map(float, filtering.pairs))
    sums = [b.addf(m[first + 2 * i], m[first + 2 * i + 1]) for i in range(len(pairs))]
    differences = [b.binary(arith.SubfOp, m[first + 2 * i], m[first + 2 * i + 1]) for i in range(len(pairs))]
    result: list[SSAValue] = []
    for i in range(filtering.outputs):
        total = _sum(b, differences if i % 2 else sums, [p**i for p in pairs])
        if i == 0 and filtering.zero:
            total = b.addf(total, m[0])
        if i == filtering.outputs - 1:
            total = b.addf(total, m[filtering.evaluated - 1])
        if filtering.stride == 2:
            total = b.addf(total, m[filtering.evaluated + i])
        result.append(total)
    return result


def _pair(b: LoopBuilder, base: SSAValue, other: SSAValue, p: float) -> list[SSAValue]:
    """base + p other and base - p other."""
    if p == 1.0:
        return [b.addf(base, other), b.binary(arith.SubfOp, base, other)]
    factors = [b.const(f, type_of(other)) for f in (p, -p)]
    return [b.fma(other, factor, base) for factor in factors]


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


def transform_input_tile(
    b: LoopBuilder, alpha: int, load: Callable[[int, int], SSAValue], store: Callable[[int, int, SSAValue], None]
) -> None:
    """B^T d B of a tile, place by place.

    With stride 2, lines of odd number are only transformed along themselves: they come first, so that fewer vectors are alive.
    """
    every = range(alpha)
    odd = every[1::2] if FILTERINGS[alpha].stride == 2 else every[:0]

    def finish(place: int, line: Vectors) -> None:
        for column, value in enumerate(transform_inputs(b, line)):
            store(place, column, value)

    for number, line in enumerate(odd):
        finish(FILTERINGS[alpha].evaluated + number, [load(line, column) for column in every])
    lines = every[0::2] if odd else every
    evaluated = [_evaluate(b, [load(line, column) for line in lines], FILTERINGS[alpha]) for column in every]
    for place in range(FILTERINGS[alpha].evaluated):
        finish(place, [values[place] for values in evaluated])
