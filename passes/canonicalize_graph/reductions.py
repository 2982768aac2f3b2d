"""R2 for reductions and pooling over nothing."""

from __future__ import annotations

from ...dialects import graph
from ...dialects.graph.base import flag, ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, tensor_type
from ..driver import AnyPattern, Pattern, Rewriter

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


REDUCTIONS: tuple[AnyPattern, ...] = (ReduceNothing(), DropUnitAxes(), PoolNothing())
