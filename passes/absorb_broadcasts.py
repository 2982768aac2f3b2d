"""absorb-broadcasts: a matmul broadcasts batch dims itself, no tensor need be repeated for it.

Grouped-query attention repeats each head of keys and values for a group of queries: [B, G, 1, T, D] -> [B, G, R, T, D] ->
[B, G * R, T, D].
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.base import flag
from ..dialects.graph.linalg import MatmulOp
from ..dialects.graph.movement import BroadcastOp, ReshapeOp
from ..dialects.graph.types import Dims, broadcast_dims, dims_of, element_of, rank_of, tensor
from .driver import Pattern, PatternPass, Rewriter, producer


class AbsorbBroadcast(Pattern[MatmulOp]):
    """matmul(a, broadcast(b)) -> matmul(a, b), the same for a, where the other operand has the batch dims of the result

    Also behind a reshape that merges batch dims: matmul(a, reshape(broadcast(b))) -> reshape(matmul(reshape(a), b)).
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        operands = [op.lhs, op.rhs]
        for index, operand in enumerate(operands):
            other = operands[1 - index]
            repeated = _repeated(operand)
            if repeated is None or dims_of(other)[:-2] != dims_of(op.result)[:-2]:
                continue
            batch = dims_of(repeated.result)[:-2]
            if broadcast_dims(batch, dims_of(repeated.x)[:-2]) != batch:
                continue
            operands[index] = repeated.x
            operands[1 - index] = _with_batch(other, batch, rewriter)
            lhs, rhs = operands
            product = rewriter.insert(MatmulOp(lhs, rhs, flag(op.transpose_lhs), flag(op.transpose_rhs)))
            same = dims_of(product.result) == dims_of(op.result)
            rewriter.replace(op, product if same else ReshapeOp(product, op.result.type))
            return True
        return False


def _repeated(operand: SSAValue) -> BroadcastOp | None:
    """The broadcast of batch dims that the operand is, perhaps behind reshapes of those dims alone."""
    inner = operand
    while isinstance(inner.owner, ReshapeOp):
        inner = inner.owner.x
    broadcast = producer(inner, BroadcastOp)
    if broadcast is None or min(rank_of(broadcast.x), rank_of(broadcast.result)) < 2:
        return None
    kept = dims_of(broadcast.x)[-2:] == dims_of(broadcast.result)[-2:] == dims_of(operand)[-2:]
    return broadcast if kept else None


def _with_batch(value: SSAValue, batch: Dims, rewriter: Rewriter) -> SSAValue:
    dims = (*batch, *dims_of(value)[-2:])
    return value if dims == dims_of(value) else rewriter.insert(ReshapeOp(value, tensor(element_of(value), dims))).result


@dataclass(frozen=True)
class AbsorbBroadcastsPass(PatternPass):
    """Repeated batch dims of matmul operands -> broadcasting."""

    name = "absorb-broadcasts"
    patterns = (AbsorbBroadcast(),)
