"""Vector math: functions and activations as polynomial code, for scalars and vectors of any length.

`expand` turns one `math` op into ops that targets have; `apply` emits an activation.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from ..builder import LoopBuilder
from . import activations
from .expression import Expr
from .registry import BY_OP, FUNCTIONS, Formula, Function, expand, has_formula

__all__ = ["BY_OP", "FUNCTIONS", "Formula", "Function", "activations", "apply", "expand", "has_formula"]


def apply(builder: LoopBuilder, formula: Formula, *operands: SSAValue) -> SSAValue:
    """Emit a formula of this package, such as `activations.silu`, on f32 or f64 scalars or vectors."""
    return formula(*(Expr(builder, operand) for operand in operands)).ssa
