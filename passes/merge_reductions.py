"""merge-reductions: reductions one after the other are one (REWRITES U13).

Means over the width and then over the height become global average pooling, in one pass over the input.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import AnyFloat

from ..dialects.graph.base import flag, ints
from ..dialects.graph.movement import ReshapeOp
from ..dialects.graph.reduction import ReduceOp
from ..dialects.graph.types import element_of, rank_of, tensor_type
from .driver import Pattern, PatternPass, Rewriter, producer

COMPOSE = ("sum", "mean", "max", "min", "prod")


class MergeReductions(Pattern[ReduceOp]):
    """mean(mean(x over W) over H) -> mean(x over H, W); guard: one kind that composes, nothing else uses the inner result

    Means of integers round twice and stay. Sums and means of floats are added up in another order.
    """

    def rewrite(self, op: ReduceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, ReduceOp)
        if inner is None or inner.kind != op.kind or op.kind.data not in COMPOSE or not op.x.has_one_use():
            return False
        if op.kind.data == "mean" and not isinstance(element_of(op.x), AnyFloat):
            return False
        done = ints(inner.axes)
        kept = [axis for axis in range(rank_of(inner.x)) if flag(inner.keepdims) or axis not in done]
        axes = {*done, *(kept[axis] for axis in ints(op.axes))}
        whole = ReduceOp(inner.x, op.kind.data, sorted(axes))
        if whole.result.type == op.result.type:
            rewriter.replace(op, whole)
        else:
            rewriter.replace(op, ReshapeOp(rewriter.insert(whole), tensor_type(op.result)))
        return True


@dataclass(frozen=True)
class MergeReductionsPass(PatternPass):
    """Two reductions of one kind -> one."""

    name = "merge-reductions"
    patterns = (MergeReductions(),)
