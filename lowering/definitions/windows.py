"""Elements of contractions and sliding windows: matmul, convolutions, pooling, local response normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import math
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.types import dims_of, element_of
from ..builder import Index
from ..casts import cast
from ..reducers import REDUCERS, initial_of
from ..values import Value
from .definer import Definer, Indices, aligned


def _product(d: Definer, a: Value, b: Value, result: SSAValue) -> Value:
    """a * b in the element type of the result (8-bit integers widen)."""
    element = element_of(result)
    return cast(a, element) * cast(b, element)


def matmul(d: Definer, op: graph.MatmulOp, at: Indices) -> Value:
    batch = dims_of(op.result)[:-2]
    depth = d.dims(op.lhs)[-2 if flag(op.transpose_lhs) else -1]

    def operand(x: SSAValue, row: Index, column: Index, transposed: bool) -> Value:
        matrix = [column, row] if transposed else [row, column]
        return d.element(x, [*aligned(batch, at[:-2], dims_of(x)[:-2]), *matrix])

    def add(k: tuple[Index, ...], total: list[Value]) -> list[Value]:
        a = operand(op.lhs, at[-2], k[0], flag(op.transpose_lhs))
        b = operand(op.rhs, k[0], at[-1], flag(op.transpose_rhs))
        return [total[0] + _product(d, a, b, op.result)]

    return d.fold([depth], [d.constant(0, op.result)], add)[0]


def conv(d: Definer, op: graph.ConvOp, at: Indices) -> Value:
    b, sizes, weights = d.b, d.dims(op.x), d.dims(op.weight)
    per_group = b.floordiv(weights[0], integer(op.group) or sizes[1])
    first = b.mul(b.floordiv(at[1], per_group), weights[1])

    def add(inner: tuple[Index, ...], total: list[Value]) -> list[Value]:
        c, *taps = inner
        where = window(d, op, at[2:], taps)
        inside = d.all([d.inside(p, s) for p, s in zip(where, sizes[2:], strict=True)])

        def tap() -> Value:
            x = d.element(op.x, [at[0], b.add(first, c), *where])
            return total[0] + _product(d, x, d.element(op.weight, [at[1], c, *taps]), op.result)

        assert inside is not None
        return [d.when(inside, tap, lambda: total[0], op.result)]

    result = d.fold(weights[1:], [d.constant(0, op.result)], add)[0]
    return result if op.bias is None else result + cast(d.element(op.bias, [at[1]]), result.element)


def window(d: Definer, op: graph.ConvOp | graph.PoolOp, at: Indices, taps: Sequence[Index]) -> list[Index]:
    """Where in x the taps of the window of an output position are."""
    b, low = d.b, [before for before, _ in op.padding]
    rows = zip(at, taps, ints(op.strides), ints(op.dilations), low, strict=True)
    return [b.sub(b.add(b.mul(i, stride), b.mul(k, dilation)), pad) for i, k, stride, dilation, pad in rows]


def conv_transpose(d: Definer, op: graph.ConvTransposeOp, at: Indices) -> Value:
    b, sizes, weights = d.b, d.dims(op.x), d.dims(op.weight)
    inputs = b.floordiv(sizes[1], integer(op.group))
    group, output = b.floordiv(at[1], weights[1]), b.mod(at[1], weights[1])
    low = [before for before, _ in op.padding]

    def add(inner: tuple[Index, ...], total: list[Value]) -> list[Value]:
        c, *taps = inner
        channel = b.add(b.mul(group, inputs), c)
        where: list[Index] = []
        conditions: list[SSAValue] = []
        for i, k, stride, dilation, pad, size in zip(
            at[2:], taps, ints(op.strides), ints(op.dilations), low, sizes[2:], strict=True
        ):
            shifted = b.sub(b.add(i, pad), b.mul(k, dilation))
            # Unsigned: a position before the start is far behind the end.
            source = b.floordiv(shifted, stride)
            conditions += [b.cmp("eq", b.mul(source, stride), shifted), b.cmp("sge", shifted, 0), d.inside(source, size)]
            where.append(source)
        inside = d.all(conditions)

        def tap() -> Value:
            x = d.element(op.x, [at[0], channel, *where])
            return total[0] + _product(d, x, d.element(op.weight, [channel, output, *taps]), op.result)

        assert inside is not None
        return [d.when(inside, tap, lambda: total[0], op.result)]

    result = d.fold([inputs, *weights[2:]], [d.constant(0, op.result)], add)[0]
    return result if op.bias is None else result + cast(d.element(op.bias, [at[1]]), result.element)


def pool(d: Definer, op: graph.PoolOp, at: Indices) -> Value:
    kind, kernel = op.kind.data, list(ints(op.kernel))
    if kind == "average":
        return _average(d, op, at, kernel)
    if kind == "max":
        return _fold_window(d, op, at, kernel, initial_of(REDUCERS["max"], element_of(op.x)), lambda acc, x: acc.maximum(x))
    power = float(integer(op.p))
    total = _fold_window(d, op, at, kernel, 0.0, lambda acc, x: acc + _power(abs(x), power))
    return _power(total, 1.0 / power)


def _power(x: Value, exponent: float) -> Value:
    known: dict[float, Callable[[Value], Value]] = {
        1.0: lambda v: v,
        2.0: lambda v: v * v,
        0.5: lambda v: v.math(math.SqrtOp),
    }
    return known[exponent](x) if exponent in known else x.math(math.PowFOp, x.like(exponent))


def _fold_window(
    d: Definer,
    op: graph.PoolOp,
    at: Indices,
    kernel: Sequence[Index],
    start: float,
    combine: Callable[[Value, Value], Value],
) -> Value:
    sizes = d.dims(op.x)[2:]

    def visit(taps: tuple[Index, ...], total: list[Value]) -> list[Value]:
        where = window(d, op, at[2:], taps)
        inside = d.all([d.inside(p, s) for p, s in zip(where, sizes, strict=True)])
        assert inside is not None
        return [d.when(inside, lambda: combine(total[0], d.element(op.x, [*at[:2], *where])), lambda: total[0], op.x)]

    return d.fold(kernel, [d.constant(start, op.x)], visit)[0]


def _average(d: Definer, op: graph.PoolOp, at: Indices, kernel: Sequence[Index]) -> Value:
    total = _fold_window(d, op, at, kernel, 0.0, lambda acc, x: acc + x)
    counted = d.dims(op.x)[2:]
    margin = [(0, 0)] * len(counted)
    if flag(op.count_include_pad):
        margin = list(op.padding)
    spans = [(d.b.sub(0, low), d.b.add(size, high)) for (low, high), size in zip(margin, counted, strict=True)]

    def count(taps: tuple[Index, ...], seen: list[Value]) -> list[Value]:
        where = window(d, op, at[2:], taps)
        inside = d.all([d.inside(d.b.sub(p, low), d.b.sub(high, low)) for p, (low, high) in zip(where, spans, strict=True)])
        assert inside is not None
        return [d.when(inside, lambda: seen[0] + 1, lambda: seen[0], op.x)]

    return total / d.fold(kernel, [d.constant(0.0, op.x)], count)[0]


def lrn(d: Definer, op: graph.LrnOp, at: Indices) -> Value:
    b, size = d.b, integer(op.size)
    channels = d.dims(op.x)[1]
    before = (size - 1) // 2

    def add(k: tuple[Index, ...], total: list[Value]) -> list[Value]:
        channel = b.sub(b.add(at[1], k[0]), before)

        def tap() -> Value:
            x = d.element(op.x, [at[0], channel, *at[2:]])
            return total[0] + x * x

        return [d.when(d.inside(channel, channels), tap, lambda: total[0], op.x)]

    squares = d.fold([size], [d.constant(0.0, op.x)], add)[0]
    scale = squares * (op.alpha.value.data / size) + op.bias.value.data
    return d.element(op.x, at) / scale.math(math.PowFOp, scale.like(op.beta.value.data))
