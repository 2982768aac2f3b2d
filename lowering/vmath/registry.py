"""Which `math` ops are expanded, by which formula, in which precision, within which error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import math
from xdsl.dialects.builtin import BFloat16Type, Float16Type, f32, f64
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import arith
from ..builder import LoopBuilder
from . import exponential, logarithm, power, special, trigonometric
from .expression import Expr

Formula = Callable[..., Expr]


@dataclass(frozen=True)
class Function:
    """A `math` op's formula and its error bounds in units in the last place of the exact result.

    `f32` is the bound of the f32 formula, or None where an f32 argument is computed in f64 and rounded once. Bounds hold
    with and without fused multiply-add; tests/lowering/test_vmath.py measures them.
    """

    op: type[Operation]
    formula: Formula
    f32: float | None
    f64: float

    def bound(self, width: int) -> float:
        """The error bound in ulp for an f32 or f64 result."""
        return self.f64 if width == 64 else 0.51 if self.f32 is None else self.f32


FUNCTIONS: tuple[Function, ...] = (
    Function(math.ExpOp, exponential.exp, 1.25, 1.25),
    Function(math.Exp2Op, exponential.exp2, 1.25, 1.25),
    Function(math.ExpM1Op, exponential.expm1, 1.75, 2.0),
    Function(math.TanhOp, exponential.tanh, 1.5, 1.5),
    Function(math.SinhOp, exponential.sinh, None, 2.0),
    Function(math.CoshOp, exponential.cosh, None, 2.0),
    Function(math.LogOp, logarithm.log, 1.0, 1.0),
    Function(math.Log1pOp, logarithm.log1p, 1.75, 1.5),
    Function(math.Log2Op, logarithm.log2, None, 1.5),
    Function(math.Log10Op, logarithm.log10, None, 1.5),
    Function(math.AsinhOp, logarithm.asinh, None, 3.0),
    Function(math.AcoshOp, logarithm.acosh, None, 3.0),
    Function(math.AtanhOp, logarithm.atanh, None, 3.0),
    Function(math.SinOp, trigonometric.sin, 0.51, 2.25),
    Function(math.CosOp, trigonometric.cos, 0.51, 2.25),
    Function(math.TanOp, trigonometric.tan, 0.51, 3.5),
    Function(math.AsinOp, special.asin, None, 2.5),
    Function(math.AcosOp, special.acos, None, 2.0),
    Function(math.AtanOp, special.atan, None, 2.0),
    Function(math.Atan2Op, special.atan2, None, 2.5),
    Function(math.ErfOp, special.erf, 1.25, 1.5),
    Function(math.PowFOp, power.powf, 0.51, 1.5),
    Function(math.RsqrtOp, special.rsqrt, 1.5, 1.5),
    Function(math.CbrtOp, special.cbrt, None, 1.0),
    Function(math.RoundOp, special.round_half_away, 0.0, 0.0),
)

BY_OP: dict[type[Operation], Function] = {function.op: function for function in FUNCTIONS}
_HALVES = (Float16Type, BFloat16Type)


def expand(builder: LoopBuilder, op: Operation) -> SSAValue:
    """Emit the formula of a `math` op on its operands; raises KeyError for an op without one.

    f16 and bf16 results are rounded from f32.
    """
    function = BY_OP[type(op)]
    element = arith.element_of(op.operands[0].type)
    single: Attribute = f32 if isinstance(element, _HALVES) else element
    operands = [Expr(builder, operand).to_wider(f64 if function.f32 is None else single) for operand in op.operands]
    return function.formula(*operands).to_float(single).to_float(element).ssa


def has_formula(op: Operation) -> bool:
    """Whether `expand` applies: a known op on f16, bf16, f32 or f64."""
    if type(op) not in BY_OP:
        return False
    element: Any = arith.element_of(op.operands[0].type)
    return element in (f32, f64) or isinstance(element, _HALVES)
