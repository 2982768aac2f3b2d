"""Elements of ops that move data, or that make it from shapes."""

from __future__ import annotations

from collections.abc import Sequence

from ...dialects import arith, graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.types import dims_of
from ..builder import Index, LoopBuilder
from ..loop_types import INDEX
from ..values import Value
from .definer import Definer, Indices, aligned


def transpose(d: Definer, op: graph.TransposeOp, at: Indices) -> Value:
    position = {p: i for i, p in enumerate(ints(op.perm))}
    return d.element(op.x, [at[position[axis]] for axis in range(len(at))])


def relayout(d: Definer, op: graph.RelayoutOp, at: Indices) -> Value:
    return d.element(op.x, at)


def reshape(d: Definer, op: graph.ReshapeOp, at: Indices) -> Value:
    after, before = d.dims(op.result), d.dims(op.x)
    linear: Index = 0
    for index, size in zip(at, after, strict=True):
        linear = d.b.add(d.b.mul(linear, size), index)
    return d.element(op.x, d.b.delinearize(linear, before))


def broadcast(d: Definer, op: graph.BroadcastOp, at: Indices) -> Value:
    return d.element(op.x, aligned(dims_of(op.result), at, dims_of(op.x)))


def stretch(d: Definer, op: graph.StretchOp, at: Indices) -> Value:
    places = aligned(dims_of(op.result), at, dims_of(op.x))
    sizes = zip(places, dims_of(op.x), dims_of(op.result)[len(at) - len(places) :], strict=True)
    return d.element(op.x, [i if dim == whole else d.b.mul(i, d.b.dim((dim - 1).min(1))) for i, dim, whole in sizes])


def slice_(d: Definer, op: graph.SliceOp, at: Indices) -> Value:
    starts, steps = ([d.b.dim(v) for v in dims.data] for dims in (op.starts, op.steps))
    return d.element(op.x, [d.b.add(start, d.b.mul(i, step)) for i, start, step in zip(at, starts, steps, strict=True)])


def concat(d: Definer, op: graph.ConcatOp, at: Indices) -> Value:
    return _concat(d, op, list(at), 0)


def _concat(d: Definer, op: graph.ConcatOp, at: list[Index], position: int) -> Value:
    """The element at `at`, counted from the start of the operand at `position`."""
    axis, x = integer(op.axis), op.xs[position]
    if position + 1 == len(op.xs):
        return d.element(x, at)
    size = d.dims(x)[axis]
    rest = [*at[:axis], d.b.sub(at[axis], size), *at[axis + 1 :]]
    here = d.b.cmp("slt", at[axis], size)
    return d.when(here, lambda: d.element(x, at), lambda: _concat(d, op, rest, position + 1), op.result)


def pad(d: Definer, op: graph.PadOp, at: Indices) -> Value:
    sizes = d.dims(op.x)
    source = [d.b.sub(i, d.b.dim(low)) for i, low in zip(at, op.low.data, strict=True)]
    moved = [axis for axis, (a, z) in enumerate(zip(op.low.data, op.high.data, strict=True)) if a.terms or z.terms]
    if op.mode.data == "constant":
        inside = d.all([d.inside(source[a], sizes[a]) for a in moved])
        value = op.value
        fill = (lambda: d.constant(0, op.x)) if value is None else (lambda: d.element(value, []))
        return d.when(inside, lambda: d.element(op.x, source), fill, op.x) if inside is not None else d.element(op.x, source)
    for axis in moved:
        source[axis] = folded(d.b, op.mode.data, source[axis], sizes[axis])
    # An empty operand has nothing to repeat.
    present = d.all([d.inside(source[a], sizes[a]) for a in moved])
    return (
        d.element(op.x, source)
        if present is None
        else d.when(present, lambda: d.element(op.x, source), lambda: d.constant(0, op.x), op.x)
    )


def folded(b: LoopBuilder, mode: str, index: Index, size: Index) -> Index:
    """An index before or after [0, size) brought back into it, by a mode of `graph.pad`."""
    if mode == "edge":
        return b.max(b.min(index, b.sub(size, 1)), 0)
    if mode == "wrap":
        return modulo(b, index, b.max(size, 1))
    period = b.max(b.mul(b.sub(size, 1), 2), 1)
    position = modulo(b, index, period)
    return b.min(position, b.sub(period, position))


def modulo(b: LoopBuilder, index: Index, period: Index) -> Index:
    """Remainder of the sign of the period, which is positive."""
    rest = b.op(arith.RemSIOp, [b.index(index), b.index(period)], INDEX)
    return b.select(b.cmp("slt", rest, 0), b.add(rest, period), rest)


def trilu(d: Definer, op: graph.TriluOp, at: Indices) -> Value:
    diagonal = d.b.sub(d.b.sub(at[-1], at[-2]), integer(op.k))
    kept = d.b.cmp("sge" if flag(op.upper) else "sle", diagonal, 0)
    return d.when(kept, lambda: d.element(op.x, at), lambda: d.constant(0, op.x), op.x)


def shape(d: Definer, op: graph.ShapeOp, at: Indices) -> Value:
    sizes = d.dims(op.x)
    return d.from_index(_pick(d, sizes, at[0])) if sizes else d.constant(0, op.result)


def _pick(d: Definer, values: Sequence[Index], position: Index) -> Index:
    """The value at a position that is only known at run time."""
    picked = values[-1]
    for number, value in enumerate(values[:-1]):
        picked = d.b.select(d.b.cmp("eq", position, number), value, picked)
    return picked


def range_(d: Definer, op: graph.RangeOp, at: Indices) -> Value:
    start, delta = d.element(op.start, []), d.element(op.delta, [])
    return start + d.from_index(at[0], start) * delta
