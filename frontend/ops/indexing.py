"""Gathers, scatters, one-hot, triangles."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, tensor
from ..node import Node, static
from ..registry import op
from ..runtime_shapes import size
from .movement import join
from .slicing import ONE, ZERO, cut, pieces


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


@op("Trilu", since=14)
def trilu(n: Node) -> SSAValue:
    k = n.values(1)[0] if n.has(1) else 0
    return n.emit(graph.TriluOp(n.x(), bool(n.int_attr("upper", 1)), k))


@op("ReverseSequence", since=10)
def reverse_sequence(n: Node) -> SSAValue:
    """Each batch entry backwards up to its length, which must be known."""
    x, rank = n.x(), n.rank()
    time, batch = normalize_axis(n.int_attr("time_axis", 0), rank), normalize_axis(n.int_attr("batch_axis", 1), rank)
    if {time, batch} != {0, 1}:
        raise ValueError(f"time_axis and batch_axis are 0 and 1, got {time} and {batch}")
    entries = pieces(n, x, batch, [ONE] * static(dims_of(x)[batch], "the batch dim"))
    lengths = n.values(1)
    if len(lengths) != len(entries):
        raise ValueError(f"{len(lengths)} lengths for a batch of {len(entries)}")
    return join(n, [_reverse_start(n, e, time, length) for e, length in zip(entries, lengths, strict=True)], batch)


def _reverse_start(n: Node, x: SSAValue, axis: int, length: int) -> SSAValue:
    """The first `length` elements along the axis backwards, then the rest."""
    dims = dims_of(x)
    head, tail = pieces(n, x, axis, [DimExpr.of(length), dims[axis] - length])
    starts = [DimExpr.of(length - 1) if i == axis else ZERO for i in range(len(dims))]
    steps = [DimExpr.of(-1) if i == axis else ONE for i in range(len(dims))]
    turned = cut(n, head, starts, dims_of(head), steps)
    return turned if dims_of(tail)[axis] == ZERO else join(n, [turned, tail], axis)
