"""R3: reshapes and broadcasts that an op does by itself, being of numpy's broadcasting kind."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import broadcast_dims, dims_of
from ..driver import AnyPattern, Pattern, Rewriter

ONE = DimExpr.of(1)


def unexpanded(value: SSAValue) -> SSAValue | None:
    """What `value` is a broadcast of, or a reshape that only adds leading dims of 1; None if it is neither."""
    owner = value.owner
    if isinstance(owner, graph.BroadcastOp):
        return owner.x
    if not isinstance(owner, graph.ReshapeOp):
        return None
    source, target = dims_of(owner.x), dims_of(value)
    added = len(target) - len(source)
    return owner.x if added > 0 and target[added:] == source and all(d == ONE for d in target[:added]) else None


class DropExpansion(Pattern[graph.ElementwiseOp]):
    """add(x, broadcast(y)) -> add(x, y), add(x, reshape(y: [4] to [1, 4])) -> add(x, y)

    guard: the result keeps its dims, and a reshape really broadcasts (else users of it would no longer share one value)
    """

    def rewrite(self, op: graph.ElementwiseOp, rewriter: Rewriter) -> bool:
        if len(op.operands) < 2:
            return False
        for index, operand in enumerate(op.operands):
            source = unexpanded(operand)
            whole = isinstance(operand.owner, graph.ReshapeOp) and dims_of(operand) == dims_of(op.results[0])
            if source is None or whole:
                continue
            dims = [dims_of(source if i == index else o) for i, o in enumerate(op.operands)]
            if broadcast_dims(*dims) == dims_of(op.results[0]):
                rewriter.set_operand(op, index, source)
                return True
        return False


BROADCASTS: tuple[AnyPattern, ...] = (DropExpansion(),)
