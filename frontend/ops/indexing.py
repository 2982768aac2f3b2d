"""Gathers, scatters, one-hot, triangles, sequences turned round."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis, si64
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, tensor
from ..counting import count, numbers
from ..node import Node
from ..registry import op
from ..runtime_shapes import size
from .movement import join
from .slicing import ONE, ZERO, cut


@op("Gather")
def gather(n: Node) -> SSAValue:
    """One constant index is a slice without its dim."""
    x, axis = n.x(0), normalize_axis(n.int_attr("axis", 0), n.rank(0))
    index = n.tensor(1).known
    if index is None or not index.concrete or index.data.ndim > 0:
        return n.emit(graph.GatherOp(x, n.x(1), axis))
    dims, at = dims_of(x), int(index.data)
    start = dims[axis] + at if at < 0 else DimExpr.of(at)
    n.need(start)
    n.need(dims[axis] - 1 - start)
    starts = [start if i == axis else ZERO for i in range(len(dims))]
    part = cut(n, x, starts, [ONE if i == axis else d for i, d in enumerate(dims)], [ONE] * len(dims))
    return n.build.reshape(part, [d for i, d in enumerate(dims) if i != axis])


@op("GatherElements")
def gather_elements(n: Node) -> SSAValue:
    return n.emit(graph.GatherElementsOp(n.x(0), n.x(1), n.int_attr("axis", 0)))


def _need_same(n: Node, lhs: Sequence[DimExpr], rhs: Sequence[DimExpr]) -> None:
    for left, right in zip(lhs, rhs, strict=True):
        n.build.assumptions.need_equal(left, right)


@op("GatherND")
def gather_nd(n: Node) -> SSAValue:
    return n.emit(graph.GatherNdOp(n.x(0), n.x(1), n.int_attr("batch_dims", 0)))


@op("Scatter", "ScatterElements")
def scatter_elements(n: Node) -> SSAValue:
    return n.emit(graph.ScatterElementsOp(n.x(0), n.x(1), n.x(2), n.int_attr("axis", 0), n.str_attr("reduction", "none")))


@op("ScatterND")
def scatter_nd(n: Node) -> SSAValue:
    return n.emit(graph.ScatterNdOp(n.x(0), n.x(1), n.x(2), n.str_attr("reduction", "none")))


@op("OneHot")
def one_hot(n: Node) -> SSAValue:
    """The depth may be a float."""
    indices, dims = n.x(0), list(n.shape(0))
    depth = size(n, 1)
    axis = normalize_axis(n.int_attr("axis", -1), len(dims) + 1)
    shape = [*dims[:axis], depth, *dims[axis:]]
    scalar = n.build.reshape(n.x(1), ())
    return n.emit(graph.OneHotOp(indices, scalar, n.x(2), axis, tensor(n.element(2), shape)))


@op("TensorScatter", since=24)
def tensor_scatter(n: Node) -> SSAValue:
    """`update` written into a copy of the cache, from where each batch entry says on; `circular` starts again at the front."""
    cache, updates, axis = n.shape(0), n.shape(1), normalize_axis(n.int_attr("axis", -2), n.rank())
    mode, outer = n.str_attr("mode", "linear"), updates[: axis + 1]
    if axis == 0 or mode not in ("linear", "circular"):
        raise ValueError(f"axis is not the batch dim and mode linear or circular; got {axis} and '{mode}'")
    _need_same(n, [d for k, d in enumerate(cache) if k != axis], [d for k, d in enumerate(updates) if k != axis])
    place = _along(n, count(n, outer[axis], si64), axis, axis + 1)
    if n.has(2):
        start = n.build.reshape(n.build.cast(n.x(2), si64), [outer[0], *[ONE] * axis])
        place = n.emit(graph.AddOp(place, start))
    if mode == "circular":
        place = n.emit(graph.ModOp(place, n.build.reshape(numbers(n, [cache[axis]], si64), ())))
    parts = [_along(n, count(n, size, si64), k, axis + 1) for k, size in enumerate(outer[:axis])]
    return n.emit(graph.ScatterNdOp(n.x(0), tuples(n, [*parts, place], outer), n.x(1)))


def _along(n: Node, vector: SSAValue, axis: int, rank: int) -> SSAValue:
    """A vector as a tensor of this rank whose other dims are 1."""
    (size,) = dims_of(vector)
    return n.build.reshape(vector, [size if k == axis else ONE for k in range(rank)])


def tuples(n: Node, parts: Sequence[SSAValue], dims: Sequence[DimExpr]) -> SSAValue:
    """[*dims, parts]: index tuples of which each part broadcasts to `dims`."""
    return join(n, [n.build.reshape(n.build.broadcast(part, dims), [*dims, ONE]) for part in parts], -1)


@op("Trilu", since=14)
def trilu(n: Node) -> SSAValue:
    """A diagonal that is only known at run time makes a mask."""
    upper = bool(n.int_attr("upper", 1))
    diagonal = n.tensor(1).known if n.has(1) else None
    if not n.has(1) or (diagonal is not None and diagonal.concrete):
        return n.emit(graph.TriluOp(n.x(), upper, n.values(1)[0] if n.has(1) else 0))
    rows, columns = (count(n, d, si64) for d in n.shape()[-2:])
    shifted = n.emit(graph.AddOp(_along(n, rows, 0, 2), n.build.reshape(n.build.cast(n.x(1), si64), ())))
    compare = graph.GreaterEqualOp if upper else graph.LessEqualOp
    return n.emit(graph.WhereOp(n.emit(compare(columns, shifted)), n.x(), n.build.scalar(0, n.x())))


@op("ReverseSequence", since=10)
def reverse_sequence(n: Node) -> SSAValue:
    """The first elements of each batch entry along the time axis backwards, as many as `sequence_lens` says."""
    x, rank = n.x(), n.rank()
    time, batch = normalize_axis(n.int_attr("time_axis", 0), rank), normalize_axis(n.int_attr("batch_axis", 1), rank)
    if {time, batch} != {0, 1}:
        raise ValueError(f"time_axis and batch_axis are 0 and 1, got {time} and {batch}")
    dims = dims_of(x)[:2]
    step = _along(n, count(n, dims[time], si64), time, 2)
    lengths = n.build.reshape(n.x(1), [dims[batch]])
    length = _along(n, n.build.cast(lengths, si64), batch, 2)
    turned = n.emit(graph.SubOp(n.emit(graph.SubOp(length, n.build.scalar(1, si64))), step))
    place = n.emit(graph.WhereOp(n.emit(graph.LessOp(step, length)), turned, step))
    if batch == 0:
        return n.emit(graph.GatherNdOp(x, n.build.reshape(place, [*dims, ONE]), batch_dims=1))
    entry = _along(n, count(n, dims[batch], si64), batch, 2)
    return n.emit(graph.GatherNdOp(x, tuples(n, [place, entry], dims)))
