"""R1, R3, R4 for casts: to the type that x has, of a cast that lost nothing, and before an op that takes either type."""

from __future__ import annotations

from ...dialects import graph
from ...dialects.graph.base import flag
from ...dialects.graph.elementwise import is_integer
from ...dialects.graph.types import element_of
from ..driver import AnyPattern, Pattern, Rewriter, producer
from ..lossless import loses_nothing


class DropCast(Pattern[graph.CastOp]):
    """cast to x's own type -> x"""

    def rewrite(self, op: graph.CastOp, rewriter: Rewriter) -> bool:
        if element_of(op.x) != element_of(op.result):
            return False
        rewriter.replace(op, op.x)
        return True


class MergeCasts(Pattern[graph.CastOp]):
    """cast(cast(x)) -> cast(x), which goes if x has that type; guard: the inner cast loses nothing"""

    def rewrite(self, op: graph.CastOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.CastOp)
        if inner is None or not loses_nothing(element_of(inner.x), element_of(op.x)):
            return False
        if element_of(inner.x) == element_of(op.result):
            rewriter.replace(op, inner.x)
        else:
            merged = graph.CastOp(inner.x, element_of(op.result), flag(op.saturate), op.round_mode.data)
            rewriter.replace(op, merged)
        return True


class DropIndexCast(Pattern[graph.GatherOp | graph.GatherElementsOp | graph.GatherNdOp]):
    """gather(x, cast(indices)) -> gather(x, indices); guard: an integer cast that loses nothing"""

    def rewrite(self, op: graph.GatherOp | graph.GatherElementsOp | graph.GatherNdOp, rewriter: Rewriter) -> bool:
        inner = producer(op.indices, graph.CastOp)
        if inner is None or not is_integer(element_of(inner.x)) or not loses_nothing(element_of(inner.x), element_of(op.indices)):
            return False
        rewriter.set_operand(op, 1, inner.x)
        return True


CASTS: tuple[AnyPattern, ...] = (DropCast(), MergeCasts(), DropIndexCast())
