"""pull-scales: a scalar factor of an operand of a product of activations becomes a factor of the product (REWRITES U4).

Exporters scale queries and keys each by the fourth root of the head size. Behind the product the factor costs one
multiplication in its store, and it is where attention is looked for. Run after `fuse-scale-shift`, which takes factors into
weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Operation, SSAValue

from ..dialects.graph.base import flag
from ..dialects.graph.elementwise import MulOp
from ..dialects.graph.linalg import MatmulOp
from ..dialects.graph.movement import ReshapeOp, TransposeOp
from ..dialects.graph.types import dims_of, element_of
from ..runtime.weights import WeightStore
from .constants import constant_of, scalar_constant
from .driver import Pattern, PatternPass, Rewriter
from .matching import operand_pairs, scalar_of


@dataclass(frozen=True)
class _Scaled:
    """A matmul operand that is `scale` times `value`, behind views (from the operand inwards)."""

    scale: float
    value: SSAValue
    views: tuple[Operation, ...]


class PullScale(Pattern[MatmulOp]):
    """matmul(mul(a, s), mul(b, t)) -> mul(matmul(a, b), s * t), for scalar constants s and t, also behind transposes and reshapes

    Neither operand is a constant, and nothing else uses the scaled values. Half types keep their factors in front: the product
    without them may overflow, and s * t is no half number.
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        if element_of(op.result) not in (f32, f64) or any(constant_of(o) is not None for o in op.operands):
            return False
        found = [_scaled(o, rewriter.session.weights) for o in op.operands]
        if not any(found):
            return False
        scale = 1.0
        operands = list(op.operands)
        for index, scaled in enumerate(found):
            if scaled is not None:
                scale *= scaled.scale
                operands[index] = _bypass(scaled, operands[index], rewriter)
        product = MatmulOp(operands[0], operands[1], flag(op.transpose_lhs), flag(op.transpose_rhs), op.result.type)
        factor = rewriter.insert(scalar_constant(scale, element_of(op.result)))
        rewriter.replace(op, MulOp(rewriter.insert(product), factor, op.result.type))
        return True


def _scaled(operand: SSAValue, store: WeightStore) -> _Scaled | None:
    views: list[Operation] = []
    value = operand
    while isinstance(value.owner, TransposeOp | ReshapeOp) and value.has_one_use():
        views.append(value.owner)
        value = value.owner.x
    if not isinstance(value.owner, MulOp) or not value.has_one_use():
        return None
    for factor, constant in operand_pairs(value.owner):
        scale = scalar_of(constant, store)
        if scale is not None and dims_of(factor) == dims_of(value):
            return _Scaled(scale, factor, tuple(views))
    return None


def _bypass(scaled: _Scaled, operand: SSAValue, rewriter: Rewriter) -> SSAValue:
    """Let the views read the value without its factor; the operand to use."""
    if not scaled.views:
        return scaled.value
    rewriter.set_operand(scaled.views[-1], 0, scaled.value)
    return operand


@dataclass(frozen=True)
class PullScalesPass(PatternPass):
    """Scalar factors of matmul operands -> a factor of the result."""

    name = "pull-scales"
    patterns = (PullScale(),)
