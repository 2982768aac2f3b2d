"""R2 for optional operands: a bias of zeros is none."""

from __future__ import annotations

from ...dialects import graph
from ..constants import splat_of
from ..driver import AnyPattern, Pattern, Rewriter

Biased = graph.ConvOp | graph.ConvTransposeOp | graph.LayerNormOp


class DropZeroBias(Pattern[graph.ConvOp | graph.ConvTransposeOp | graph.LayerNormOp]):
    """conv(x, w, zeros) -> conv(x, w); at most a result of -0 keeps its sign"""

    def rewrite(self, op: Biased, rewriter: Rewriter) -> bool:
        value = None if op.bias is None else splat_of(op.bias, rewriter.session.weights)
        if value is None or value != 0:
            return False
        plain = type(op).create(operands=op.operands[:2], result_types=[op.result.type], properties=dict(op.properties))
        rewriter.replace(op, plain)
        return True


BIASES: tuple[AnyPattern, ...] = (DropZeroBias(),)
