"""R2 for reductions and pooling over nothing, U13: one reduction of two."""

from __future__ import annotations

from xdsl.dialects.builtin import AnyFloat

from ...dialects import graph
from ...dialects.graph.base import flag, ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, rank_of, tensor_type
from ..driver import AnyPattern, Pattern, Rewriter, producer

ONE = DimExpr.of(1)
SAME_FOR_ONE = ("sum", "mean", "max", "min", "prod")
"""Kinds whose result for a single element is that element."""


class ReduceNothing(Pattern[graph.ReduceOp]):
    """reduce over dims of 1 -> reshape (of abs for l1); guard: exact for one element"""

    def rewrite(self, op: graph.ReduceOp, rewriter: Rewriter) -> bool:
        if any(dims_of(op.x)[axis] != ONE for axis in ints(op.axes)) or op.kind.data not in (*SAME_FOR_ONE, "l1"):
            return False
        value = op.x if op.kind.data in SAME_FOR_ONE else rewriter.insert(graph.AbsOp(op.x)).result
        rewriter.replace(op, graph.ReshapeOp(value, tensor_type(op.result)))
        return True


class DropUnitAxes(Pattern[graph.ReduceOp]):
    """reduce over axes of which some are of 1 -> reduce over the others; guard: reduced dims are kept"""

    def rewrite(self, op: graph.ReduceOp, rewriter: Rewriter) -> bool:
        axes = [axis for axis in ints(op.axes) if dims_of(op.x)[axis] != ONE]
        if not axes or len(axes) == len(ints(op.axes)) or not flag(op.keepdims):
            return False
        rewriter.replace(op, graph.ReduceOp(op.x, op.kind.data, axes))
        return True


class PoolNothing(Pattern[graph.PoolOp]):
    """pool with a window of one element, stride 1 and no padding -> x; guard: max or average"""

    def rewrite(self, op: graph.PoolOp, rewriter: Rewriter) -> bool:
        if any(k != 1 for k in (*ints(op.kernel), *ints(op.strides))) or any(ints(op.pads)) or op.kind.data == "lp":
            return False
        rewriter.replace(op, op.x)
        return True


class MergeReductions(Pattern[graph.ReduceOp]):
    """mean(mean(x over W) over H) -> mean(x over H, W); guard: one kind that composes, nothing else uses the inner result

    Means of integers round twice and stay. Sums and means of floats are added up in another order.
    """

    def rewrite(self, op: graph.ReduceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.ReduceOp)
        if inner is None or inner.kind != op.kind or op.kind.data not in SAME_FOR_ONE or not op.x.has_one_use():
            return False
        if op.kind.data == "mean" and not isinstance(element_of(op.x), AnyFloat):
            return False
        done = ints(inner.axes)
        kept = [axis for axis in range(rank_of(inner.x)) if flag(inner.keepdims) or axis not in done]
        axes = {*done, *(kept[axis] for axis in ints(op.axes))}
        whole = rewriter.insert(graph.ReduceOp(inner.x, op.kind.data, sorted(axes)))
        rewriter.replace(op, graph.ReshapeOp(whole, tensor_type(op.result)))
        return True


REDUCTIONS: tuple[AnyPattern, ...] = (ReduceNothing(), DropUnitAxes(), MergeReductions(), PoolNothing())
