"""Ops whose number of results depends on data: it is counted first, bound to a symbol, and then there are that many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis, si64
from ...dialects.graph.dims import DimExpr, product
from ..node import Node
from ..registry import op
from ..runtime_shapes import as_condition, bind, numbers, scatter
from ..terms import Term, constant, iota, optional, stack, term
from ..values import Tensor, Value


@dataclass(frozen=True)
class Chosen:
    """The elements of a vector that satisfy a condition.

    Attributes:
        count: how many there are.
        positions: where they are, in order.
        number: for every element of the vector how many are chosen up to it.
    """

    count: DimExpr
    positions: Term
    number: Term


def choose(n: Node, condition: Term) -> Chosen:
    """Find the elements of a vector that satisfy a condition: each is written where its number says, the others past the end."""
    (size,) = condition.dims
    chosen = condition.cast(si64)
    number = Term(n.build, n.emit(graph.CumsumOp(chosen.value, 0)))
    ((count,),) = bind(n, chosen.reduce("sum", 0))
    total = numbers(n, [count])
    blank = Term(n.build, n.build.broadcast(n.build.scalar(0, si64), [count + 1]))
    positions = scatter(blank, condition.select(number - 1, total), iota(n, size))
    return Chosen(count, positions.part(0, 0, count), number)


@op("NonZero")
def non_zero(n: Node) -> SSAValue:
    """A row of indices for each dim; a scalar has one element and no dims."""
    x = term(n)
    dims = x.dims
    found = choose(n, as_condition(x).reshape(product(dims)))
    if not dims:
        return found.positions.reshape(1, found.count).part(0, 0, 0).value
    return stack(_unravelled(n, found.positions, dims), 0).value


def _unravelled(n: Node, flat: Term, dims: tuple[DimExpr, ...]) -> list[Term]:
    """The indices along each dim of positions in row-major order."""
    rows: list[Term] = []
    for axis in reversed(range(1, len(dims))):
        size = numbers(n, [dims[axis]])
        rows.append(flat.with_(graph.ModOp, size))
        flat = flat / size
    return [flat, *reversed(rows)]


@op("Compress", since=9)
def compress(n: Node) -> SSAValue:
    """The slices of x (its elements, without an axis) for which a condition holds, which may be shorter."""
    x = term(n)
    axis = normalize_axis(n.int_attr("axis"), n.rank()) if "axis" in n.attributes else None
    if axis is None:
        x, axis = x.reshape(product(x.dims)), 0
    return x.gather(choose(n, term(n, 1)).positions, axis).value


# -- unique -----------------------------------------------------------------------------------------------------------------


@op("Unique", since=11)
def unique(n: Node) -> list[Value | None]:
    """Sorted, equal elements are neighbours; the first of each run stands for it."""
    x = term(n)
    axis = normalize_axis(n.int_attr("axis"), n.rank()) if "axis" in n.attributes else None
    slices = x.reshape(product(x.dims)) if axis is None else x
    size = slices.dims[axis or 0]
    order, new = _sorted_runs(n, slices, axis)
    runs = choose(n, new)
    first = order.gather(runs.positions)
    counts = _counts(n, runs, size)
    inverse = scatter(iota(n, size), order, runs.number - 1)
    if not n.int_attr("sorted", 1):
        by_first = _ascending(n, first, runs.count)
        inverse = scatter(iota(n, runs.count), by_first, iota(n, runs.count)).gather(inverse)
        first, counts = first.gather(by_first), counts.gather(by_first)
    y = slices.gather(first, axis or 0)
    return [Tensor.of(t.value) for t in (y, first, inverse, counts)]


def _ascending(n: Node, x: Term, count: DimExpr) -> Term:
    """The indices that sort a vector; equal elements stay in order."""
    node = graph.TopKOp(x.value, count, 0, largest=False)
    n.emit(node)
    return Term(n.build, node.indices)


def _sorted_runs(n: Node, x: Term, axis: int | None) -> tuple[Term, Term]:
    """The indices that sort a vector, or the slices of x along an axis, and where a run of equal ones begins."""
    if axis is None:
        order = _ascending(n, x, x.dims[0])
        ordered = x.gather(order)
    else:
        rest = [a for a in range(len(x.dims)) if a != axis]
        rows = x.transpose(axis, *rest).reshape(x.dims[axis], product(x.dims[a] for a in rest))
        order = Term(n.build, n.emit(graph.SortRowsOp(rows.value)))
        ordered = rows.gather(order)
    at = iota(n, order.dims[0])
    differs = ~ordered.equal(ordered.gather((at - 1).maximum(0)))
    if axis is not None:
        differs = as_condition(differs.cast(np.uint8).reduce("max", 1, keepdims=False))
    return order, differs | at.equal(0)


def _counts(n: Node, runs: Chosen, size: DimExpr) -> Term:
    """How long the runs are: from one beginning to the next, or to the end."""
    at = iota(n, runs.count) + 1
    total = numbers(n, [runs.count])
    following = runs.positions.gather(at.minimum(total - 1))
    return (at < total).select(following, numbers(n, [size]).broadcast(runs.count)) - runs.positions


# -- boxes ------------------------------------------------------------------------------------------------------------------


@op("NonMaxSuppression", since=10)
def non_max_suppression(n: Node) -> SSAValue:
    """Rows of batch, class and box: the boxes of each class by falling score, those of enough overlap with a better one left out.

    Without a limit none is chosen, as ONNX says.
    """
    boxes, scores = term(n, 0), term(n, 1)
    batches, classes, count = scores.dims
    node = graph.TopKOp(scores.value, count, 2)
    n.emit(node)
    candidates, lowest = Term(n.build, node.indices), optional(n, 4)
    if lowest is not None:
        enough = Term(n.build, node.values) > lowest.reshape()
        candidates = enough.select(candidates, -1)
    limit = term(n, 2).reshape() if n.has(2) else constant(n, np.array(0, np.int64))
    threshold = term(n, 3).reshape() if n.has(3) else constant(n, np.array(0, np.float32))
    make = partial(graph.SuppressOp, center_point_box=bool(n.int_attr("center_point_box", 0)))
    kept = Term(n.build, n.emit(make(boxes.value, candidates.value, limit.value, threshold.value)))
    flat = kept.reshape(product(kept.dims))
    found = choose(n, flat >= 0).positions
    rows = _unravelled(n, found, (batches, classes, count))
    return stack([rows[0], rows[1], flat.gather(found)], 1).value
