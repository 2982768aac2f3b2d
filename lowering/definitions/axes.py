"""Elements of ops along axes: reductions, softmax, sorting, running sums and normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from xdsl.dialects import math
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.types import dims_of, element_of
from ..builder import Index
from ..casts import cast
from ..reducers import REDUCERS, Reducer, initial_of
from ..values import Value
from .definer import Definer, Indices, aligned

SUM, PRODUCT, SQUARES, MAX = (REDUCERS[kind] for kind in ("sum", "prod", "sum_square", "max"))
Source = Callable[[tuple[Index, ...]], Value]
"""An element of what is reduced, by its indices along the reduced axes."""


def total(d: Definer, extents: Sequence[Index], source: Source, reducer: Reducer, like: SSAValue) -> Value:
    """A reduction over a box, `finish` not applied."""
    start = d.constant(initial_of(reducer, element_of(like)), like)
    return d.fold(extents, [start], lambda i, acc: [reducer.combine(acc[0], reducer.take(source(i)))])[0]


def count_of(d: Definer, extents: Sequence[Index], like: Value) -> Value:
    number: Index = 1
    for extent in extents:
        number = d.b.mul(number, extent)
    return d.from_index(number, like)


def along(d: Definer, x: SSAValue, axes: Sequence[int], at: Indices) -> tuple[list[Index], Source]:
    """The extents of some axes, and the elements of x over them with the other indices fixed."""

    def source(inner: tuple[Index, ...]) -> Value:
        moving = dict(zip(axes, inner, strict=True))
        return d.element(x, [moving.get(axis, index) for axis, index in enumerate(at)])

    sizes = d.dims(x)
    return [sizes[a] for a in axes], source


def reduce(d: Definer, op: graph.ReduceOp, at: Indices) -> Value:
    axes = ints(op.axes)
    kept = iter(at)
    full: list[Index] = []
    for axis in range(len(dims_of(op.x))):
        reduced = axis in axes
        index = next(kept) if flag(op.keepdims) or not reduced else 0
        full.append(0 if reduced else index)
    extents, source = along(d, op.x, axes, full)
    if op.kind.data == "log_sum_exp":
        return _log_sum_exp(d, op, extents, source)
    reducer, element = REDUCERS[op.kind.data], element_of(op.x)
    wide = reducer.element(element)
    start = cast(d.constant(initial_of(reducer, element), op.x), wide)
    (result,) = d.fold(extents, [start], lambda i, acc: [reducer.combine(acc[0], reducer.take(cast(source(i), wide)))])
    return cast(reducer.finish(result, count_of(d, extents, result)), element)


def _log_sum_exp(d: Definer, op: graph.ReduceOp, extents: list[Index], source: Source) -> Value:
    peak = total(d, extents, source, MAX, op.x)
    if not peak.is_float:
        peak = cast(peak, f64)
    peak = abs(peak).eq(inf).select(0.0, peak)

    def add(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        return [carried[0] + (cast(source(i), peak.element) - peak).math(math.ExpOp)]

    (powers,) = d.fold(extents, [peak.like(0.0)], add)
    return cast(powers.math(math.LogOp) + peak, element_of(op.x))


def arg_reduce(d: Definer, op: graph.ArgReduceOp, at: Indices) -> Value:
    axis = integer(op.axis)
    full = list(at) if flag(op.keepdims) else [*at[:axis], 0, *at[axis:]]
    extents, source = along(d, op.x, [axis], full)
    relation = ("g" if op.kind.data == "max" else "l") + ("e" if flag(op.select_last_index) else "t")
    reducer = REDUCERS[op.kind.data]
    start = d.constant(initial_of(reducer, element_of(op.x)), op.x)

    def better(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        best, where = carried
        x = source(i)
        wins = x.compare(relation, best)
        return [wins.select(x, best), wins.select(d.from_index(i[0]), where)]

    return d.fold(extents, [start, d.from_index(0)], better)[1]


def _powers(d: Definer, op: graph.SoftmaxOp | graph.LogSoftmaxOp, at: Indices) -> tuple[Value, Value]:
    """x less the maximum, and the sum of exponentials of that."""
    extents, source = along(d, op.x, [integer(op.axis)], at)
    peak = total(d, extents, source, MAX, op.x)
    powers = Reducer(0, lambda x: (x - peak).math(math.ExpOp), SUM.combine)
    return d.element(op.x, at) - peak, total(d, extents, source, powers, op.x)


def softmax(d: Definer, op: graph.SoftmaxOp, at: Indices) -> Value:
    shifted, powers = _powers(d, op, at)
    return shifted.math(math.ExpOp) / powers


def log_softmax(d: Definer, op: graph.LogSoftmaxOp, at: Indices) -> Value:
    shifted, powers = _powers(d, op, at)
    return shifted - powers.math(math.LogOp)


def cumulative(d: Definer, op: graph.CumsumOp | graph.CumprodOp, at: Indices) -> Value:
    axis, b = integer(op.axis), d.b
    (size,), source = along(d, op.x, [axis], at)
    own = 0 if flag(op.exclusive) else 1
    first = b.sub(b.add(at[axis], 1), own) if flag(op.reverse) else 0
    count = b.sub(b.sub(size, at[axis]), 1 - own) if flag(op.reverse) else b.add(at[axis], own)
    return total(d, [count], lambda i: source((b.add(first, i[0]),)), SUM if isinstance(op, graph.CumsumOp) else PRODUCT, op.x)


def top_k_index(d: Definer, op: graph.TopKOp, at: Indices) -> Value:
    """The index of the element that `at[axis]` others come before: larger ones, and equal ones of lower index."""
    axis = integer(op.axis)
    extents, source = along(d, op.x, [axis], at)
    relation = "gt" if flag(op.largest) else "lt"
    wanted = d.from_index(at[axis])

    def visit(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        mine, here = source(i), d.from_index(i[0])

        def before(j: tuple[Index, ...], seen: list[Value]) -> list[Value]:
            other = source(j)
            first = other.compare(relation, mine) | (other.eq(mine) & d.from_index(j[0]).lt(here))
            return [first.select(seen[0] + 1, seen[0])]

        rank = d.fold(extents, [d.from_index(0)], before)[0]
        return [rank.eq(wanted).select(here, carried[0])]

    return d.fold(extents, [d.from_index(0)], visit)[0]


def top_k_value(d: Definer, op: graph.TopKOp, at: Indices) -> Value:
    axis = integer(op.axis)
    return d.element(op.x, [*at[:axis], d.to_index(top_k_index(d, op, at)), *at[axis + 1 :]])


# -- normalisations -----------------------------------------------------------------------------------------------------
def _normal(d: Definer, extents: list[Index], source: Source, x: Value, epsilon: float, like: SSAValue) -> Value:
    """(x - mean) / sqrt(variance + epsilon) over a box."""
    mean = total(d, extents, source, SUM, like)
    mean = mean / count_of(d, extents, mean)
    variance = total(d, extents, lambda i: source(i) - mean, SQUARES, like)
    variance = variance / count_of(d, extents, variance)
    return (x - mean) / (variance + epsilon).math(math.SqrtOp)


def layer_norm(d: Definer, op: graph.LayerNormOp, at: Indices) -> Value:
    axis, dims = integer(op.axis), dims_of(op.x)
    extents, source = along(d, op.x, range(axis, len(at)), at)
    normal = _normal(d, extents, source, d.element(op.x, at), op.epsilon.value.data, op.x)
    scaled = normal * d.element(op.scale, aligned(dims[axis:], at[axis:], dims_of(op.scale)))
    return scaled if op.bias is None else scaled + d.element(op.bias, aligned(dims[axis:], at[axis:], dims_of(op.bias)))


def rms_norm(d: Definer, op: graph.RmsNormOp, at: Indices) -> Value:
    axis, dims = integer(op.axis), dims_of(op.x)
    extents, source = along(d, op.x, range(axis, len(at)), at)
    squares = total(d, extents, source, SQUARES, op.x)
    root = (squares / count_of(d, extents, squares) + op.epsilon.value.data).math(math.SqrtOp)
    return d.element(op.x, at) / root * d.element(op.scale, aligned(dims[axis:], at[axis:], dims_of(op.scale)))


def instance_norm(d: Definer, op: graph.InstanceNormOp, at: Indices) -> Value:
    extents, source = along(d, op.x, range(2, len(at)), at)
    normal = _normal(d, extents, source, d.element(op.x, at), op.epsilon.value.data, op.x)
    return normal * d.element(op.scale, [at[1]]) + d.element(op.bias, [at[1]])


def group_norm(d: Definer, op: graph.GroupNormOp, at: Indices) -> Value:
    b, sizes = d.b, d.dims(op.x)
    channels = b.floordiv(sizes[1], integer(op.groups))
    first = b.mul(b.floordiv(at[1], channels), channels)

    def source(inner: tuple[Index, ...]) -> Value:
        return d.element(op.x, [at[0], b.add(first, inner[0]), *inner[1:]])

    extents = [channels, *sizes[2:]]
    normal = _normal(d, extents, source, d.element(op.x, at), op.epsilon.value.data, op.x)
    return normal * d.element(op.scale, [at[1]]) + d.element(op.bias, [at[1]])


def batch_norm(d: Definer, op: graph.BatchNormOp, at: Indices) -> Value:
    scale, bias, mean, var = (d.element(p, [at[1]]) for p in (op.scale, op.bias, op.mean, op.var))
    root = (var + op.epsilon.value.data).math(math.SqrtOp)
    return (d.element(op.x, at) - mean) * (scale / root) + bias


def lp_normalize(d: Definer, op: graph.LpNormalizeOp, at: Indices) -> Value:
    extents, source = along(d, op.x, [integer(op.axis)], at)
    reducer = REDUCERS["l1" if integer(op.p) == 1 else "l2"]
    result = total(d, extents, source, reducer, op.x)
    norm = reducer.finish(result, result)
    return norm.eq(0.0).select(0.0, d.element(op.x, at) / norm)
