"""Reductions, arg-reductions, cumulative sums, top-k."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis, si64
from ...dialects.graph.dims import product
from ...dialects.graph.types import element_of
from ..arguments import axes, runtime_axes
from ..counting import numbers
from ..node import Node
from ..registry import op
from ..runtime_shapes import reduced_extents
from ..terms import Term
from .elementwise import byte

_KINDS = {
    "ReduceL1": "l1",
    "ReduceL2": "l2",
    "ReduceLogSum": "log_sum",
    "ReduceLogSumExp": "log_sum_exp",
    "ReduceMax": "max",
    "ReduceMean": "mean",
    "ReduceMin": "min",
    "ReduceProd": "prod",
    "ReduceSum": "sum",
    "ReduceSumSquare": "sum_square",
}


@op(*_KINDS)
def reduce_(n: Node) -> SSAValue:
    """Axes are an attribute before opset 18 (13 for ReduceSum); none means all, or with `noop_with_empty_axes` none."""
    x, since = n.x(), 13 if n.op == "ReduceSum" else 18
    computed = runtime_axes(n, since)
    if computed is not None:
        return _reduce_computed(n, x, computed)
    wanted = axes(n, n.rank(), since)
    if not wanted and n.int_attr("noop_with_empty_axes", 0):
        return x if n.op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd") else _reduce(n, x, [])
    return _reduce(n, x, wanted or range(n.rank()))


def _reduce_computed(n: Node, x: SSAValue, over: Term) -> SSAValue:
    """Every dim becomes two, of which one is 1: what stays and what is reduced."""
    outer, inner, result = reduced_extents(n, n.shape(), over, bool(n.int_attr("keepdims", 1)))
    pairs = [d for pair in zip(outer, inner, strict=True) for d in pair]
    spread = n.build.reshape(byte(x, n), pairs)
    reduced = n.emit(graph.ReduceOp(spread, _KINDS[n.op], range(1, len(pairs), 2), keepdims=False))
    return n.build.cast(n.build.reshape(reduced, result), element_of(x))


def _reduce(n: Node, x: SSAValue, over: Sequence[int]) -> SSAValue:
    """Booleans are reduced as bytes."""
    result = n.emit(graph.ReduceOp(byte(x, n), _KINDS[n.op], over, bool(n.int_attr("keepdims", 1))))
    return n.build.cast(result, element_of(x))


def p_norm(n: Node, x: SSAValue, p: int, over: Sequence[int]) -> SSAValue:
    """(sum of |x|^p)^(1/p), dims kept"""
    if p in (1, 2):
        return n.emit(graph.ReduceOp(x, f"l{p}", over))
    powers = n.emit(graph.PowOp(n.emit(graph.AbsOp(x)), n.build.scalar(p, x)))
    return n.emit(graph.PowOp(n.emit(graph.ReduceOp(powers, "sum", over)), n.build.scalar(1 / p, x)))


@op("ArgMax", "ArgMin")
def arg_reduce(n: Node) -> SSAValue:
    kind, axis = ("max" if n.op == "ArgMax" else "min"), n.int_attr("axis", 0)
    keepdims, last = bool(n.int_attr("keepdims", 1)), bool(n.int_attr("select_last_index", 0))
    return n.emit(graph.ArgReduceOp(n.x(), kind, axis, keepdims, last))


@op("CumSum", "CumProd", since=11)
def cumulative(n: Node) -> SSAValue:
    """An axis that is only known at run time becomes the middle one of three; one that x does not have fails there."""
    kind = graph.CumsumOp if n.op == "CumSum" else graph.CumprodOp
    x, exclusive, reverse = n.x(), bool(n.int_attr("exclusive", 0)), bool(n.int_attr("reverse", 0))
    axis = n.tensor(1).known
    if axis is not None and axis.concrete:
        return n.emit(kind(x, int(axis.data.item()), exclusive, reverse))
    dims = n.shape()
    rows = [(product(dims[:k]), d, product(dims[k + 1 :])) for k, d in enumerate(dims)]
    table = n.build.reshape(numbers(n, [d for row in rows for d in row], si64), [len(rows), 3])
    around = n.bind(n.emit(graph.GatherOp(table, n.build.reshape(n.x(1), ()), 0)))
    return n.build.reshape(n.emit(kind(n.build.reshape(x, around), 1, exclusive, reverse)), dims)


@op("TopK")
def top_k(n: Node) -> list[SSAValue]:
    """`k` is an attribute before opset 10."""
    k = n.dims(1) if n.opset >= 10 else (n.int_attr("k"),)
    if len(k) != 1:
        raise ValueError(f"k is one number, got {len(k)}")
    axis = normalize_axis(n.int_attr("axis", -1), n.rank())
    if n.opset >= 10:
        n.need(n.shape()[axis] - n.dims(1)[0])
    node = graph.TopKOp(n.x(), k[0], axis, bool(n.int_attr("largest", 1)), bool(n.int_attr("sorted", 1)))
    n.emit(node)
    return [node.values, node.indices]
