"""widen-half-contractions: products, pools and attention of f16 and bf16 become those of f32 between casts.

The arithmetic of half types is f32 anyway, and a value is rounded where it is stored: here that is where the result is cast
back. So the contraction and window kernels need to know f32 only. Weights are constants, and their casts fold; casts of
activations go into the kernels around them. The pass runs late, when scales and shifts have been folded into the weights of half
products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import BFloat16Type, Float16Type, f32
from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.types import element_of, with_element
from .driver import Pattern, PatternPass, Rewriter

Wide = graph.MatmulOp | graph.ConvOp | graph.ConvTransposeOp | graph.PoolOp | graph.AttentionOp


class WidenProduct(Pattern[Wide]):
    """matmul(x, y) of halves -> cast(matmul(cast(x), cast(y)))

    guard: the operands are of a half type; convolutions likewise, with their bias, pools and attention
    """

    def rewrite(self, op: Wide, rewriter: Rewriter) -> bool:
        element = element_of(op.result)
        if not isinstance(element, Float16Type | BFloat16Type):
            return False
        operands = [rewriter.insert(graph.CastOp(o, f32)).result for o in op.operands]
        wide = _like(op, operands)
        rewriter.insert(wide)
        rewriter.replace(op, graph.CastOp(wide.results[0], element))
        return True


def _like(op: Operation, operands: Sequence[SSAValue]) -> Operation:
    """The op on other operands, with f32 results."""
    results = [with_element(r, f32) for r in op.results]
    return type(op).create(operands=operands, result_types=results, properties=dict(op.properties))


@dataclass(frozen=True)
class WidenHalfContractionsPass(PatternPass):
    """Contractions, pools and attention of half types in f32."""

    name = "widen-half-contractions"
    patterns = (WidenProduct(),)
