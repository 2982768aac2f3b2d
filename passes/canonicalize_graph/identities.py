"""R1, R2, R4: elementwise ops that change nothing, or undo each other.

`x` stands for a value of the result's dims; where x has fewer, a broadcast of it takes its place. NaN and -0 stay what they
are: x + 0.0 is left alone (it turns -0 into +0) where x - 0.0 and x + -0.0 are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.elementwise import is_float, is_integer
from ...dialects.graph.types import dims_of, element_of, tensor
from ..constants import constant_of, scalar_constant, splat_of
from ..driver import AnyPattern, Pattern, Rewriter, producer, users


def replace_by(op: graph.GraphOp, value: SSAValue, rewriter: Rewriter) -> bool:
    """Replace the one result of `op` by `value`, broadcast where it has other dims."""
    dims = dims_of(op.results[0])
    if dims_of(value) == dims:
        rewriter.replace(op, value)
    else:
        rewriter.replace(op, graph.BroadcastOp(value, tensor(element_of(value), dims)))
    return True


def _plus_zero(value: Any) -> bool:
    return bool(value == 0) and not np.signbit(float(value))


def _minus_zero(value: Any) -> bool:
    """The neutral element of addition: -0.0 for floats."""
    return bool(value == 0) and (isinstance(value, np.integer) or bool(np.signbit(float(value))))


def _one(value: Any) -> bool:
    return bool(value == 1)


def _all_ones(value: Any) -> bool:
    return bool(~value == 0)


NEUTRAL_RIGHT: dict[type[Operation], Callable[[Any], bool]] = {
    graph.AddOp: _minus_zero,
    graph.SubOp: _plus_zero,
    graph.MulOp: _one,
    graph.DivOp: _one,
    graph.PowOp: _one,
    graph.PreluOp: _one,
    graph.OrOp: np.logical_not,
    graph.XorOp: np.logical_not,
    graph.AndOp: bool,
    graph.BitwiseOrOp: _plus_zero,
    graph.BitwiseXorOp: _plus_zero,
    graph.BitwiseAndOp: _all_ones,
    graph.ShiftLeftOp: _plus_zero,
    graph.ShiftRightOp: _plus_zero,
}

COMMUTATIVE = (
    graph.AddOp,
    graph.MulOp,
    graph.MinOp,
    graph.MaxOp,
    graph.AndOp,
    graph.OrOp,
    graph.XorOp,
    graph.BitwiseAndOp,
    graph.BitwiseOrOp,
    graph.BitwiseXorOp,
    graph.EqualOp,
)


class ConstantToTheRight(Pattern[graph.BinaryOp]):
    """add(constant, x) -> add(x, constant); guard: commutative, only the left operand is constant"""

    roots = COMMUTATIVE
    benefit = 2

    def rewrite(self, op: graph.BinaryOp, rewriter: Rewriter) -> bool:
        if constant_of(op.lhs) is None or constant_of(op.rhs) is not None:
            return False
        lhs, rhs = op.lhs, op.rhs
        rewriter.set_operand(op, 0, rhs)
        rewriter.set_operand(op, 1, lhs)
        return True


class DropNeutral(Pattern[graph.BinaryOp]):
    """mul(x, 1) -> x, and so on for the table; guard: exact for the dtype"""

    roots = tuple(NEUTRAL_RIGHT)

    def rewrite(self, op: graph.BinaryOp, rewriter: Rewriter) -> bool:
        value = splat_of(op.rhs, rewriter.session.weights)
        if value is None or not NEUTRAL_RIGHT[type(op)](value):
            return False
        return replace_by(op, op.lhs, rewriter)


class DropPlusZero(Pattern[graph.AddOp]):
    """add(x, +0.0) -> x; guard: x is never -0, or all users treat both zeros alike"""

    def rewrite(self, op: graph.AddOp, rewriter: Rewriter) -> bool:
        value = splat_of(op.rhs, rewriter.session.weights)
        if value is None or value != 0:
            return False
        alike = isinstance(op.lhs.owner, NEVER_MINUS_ZERO) or all(isinstance(u, SAME_FOR_ZEROS) for u in users(op.result))
        return alike and replace_by(op, op.lhs, rewriter)


NEVER_MINUS_ZERO = (graph.SigmoidOp, graph.ExpOp, graph.AbsOp, graph.SoftmaxOp, graph.SoftplusOp)
SAME_FOR_ZEROS = (graph.SoftmaxOp, graph.LogSoftmaxOp, graph.ExpOp, graph.SigmoidOp, graph.CosOp, graph.AbsOp)
NON_NEGATIVE = (*NEVER_MINUS_ZERO, graph.ReluOp, graph.HardSigmoidOp)


class NegateByFactor(Pattern[graph.MulOp | graph.DivOp]):
    """mul(x, -1), div(x, -1) -> neg(x)"""

    def rewrite(self, op: graph.MulOp | graph.DivOp, rewriter: Rewriter) -> bool:
        value = splat_of(op.rhs, rewriter.session.weights)
        if value is None or value.dtype.kind == "u" or value != -1 or dims_of(op.lhs) != dims_of(op.result):
            return False
        rewriter.replace(op, graph.NegOp(op.lhs))
        return True


class MultiplyIntegerByZero(Pattern[graph.MulOp | graph.BitwiseAndOp | graph.AndOp]):
    """mul(x, 0) -> 0, and(x, false) -> false; guard: no float (0 * NaN, 0 * -1), static dims"""

    def rewrite(self, op: graph.MulOp | graph.BitwiseAndOp | graph.AndOp, rewriter: Rewriter) -> bool:
        value = splat_of(op.rhs, rewriter.session.weights)
        if value is None or value != 0 or is_float(element_of(op.result)):
            return False
        return replace_by(op, op.rhs, rewriter)


class OrTrue(Pattern[graph.OrOp]):
    """or(x, true) -> true"""

    def rewrite(self, op: graph.OrOp, rewriter: Rewriter) -> bool:
        value = splat_of(op.rhs, rewriter.session.weights)
        if value is None or not value:
            return False
        return replace_by(op, op.rhs, rewriter)


IDEMPOTENT = (graph.MinOp, graph.MaxOp, graph.AndOp, graph.OrOp, graph.BitwiseAndOp, graph.BitwiseOrOp)


class DropIdempotent(Pattern[graph.BinaryOp]):
    """max(x, x) -> x"""

    roots = IDEMPOTENT

    def rewrite(self, op: graph.BinaryOp, rewriter: Rewriter) -> bool:
        return op.lhs is op.rhs and replace_by(op, op.lhs, rewriter)


class SubtractFromItself(Pattern[graph.SubOp]):
    """sub(x, x) -> 0; guard: integers (inf - inf is NaN)"""

    def rewrite(self, op: graph.SubOp, rewriter: Rewriter) -> bool:
        if op.lhs is not op.rhs or not is_integer(element_of(op.result)):
            return False
        zero = rewriter.insert(scalar_constant(0, element_of(op.result)))
        return replace_by(op, zero.result, rewriter)


SELF_INVERSE = (graph.NegOp, graph.NotOp, graph.BitwiseNotOp)


class CancelInverse(Pattern[graph.UnaryOp]):
    """neg(neg(x)) -> x, not(not(x)) -> x"""

    roots = SELF_INVERSE

    def rewrite(self, op: graph.UnaryOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, type(op))
        if inner is None:
            return False
        rewriter.replace(op, inner.x)
        return True


REPEATABLE = (
    graph.AbsOp,
    graph.ReluOp,
    graph.FloorOp,
    graph.CeilOp,
    graph.RoundOp,
    graph.SignOp,
)
WHOLE = (graph.FloorOp, graph.CeilOp, graph.RoundOp)


class DropRepeated(Pattern[graph.UnaryOp]):
    """floor(floor(x)) -> floor(x), floor(ceil(x)) -> ceil(x)"""

    roots = REPEATABLE

    def rewrite(self, op: graph.UnaryOp, rewriter: Rewriter) -> bool:
        same = isinstance(op.x.owner, type(op)) or (isinstance(op, WHOLE) and isinstance(op.x.owner, WHOLE))
        if not same:
            return False
        rewriter.replace(op, op.x)
        return True


class DropReluOfNonNegative(Pattern[graph.ReluOp | graph.AbsOp]):
    """relu(sigmoid(x)) -> sigmoid(x), abs(exp(x)) -> exp(x)"""

    def rewrite(self, op: graph.ReluOp | graph.AbsOp, rewriter: Rewriter) -> bool:
        if not isinstance(op.x.owner, NON_NEGATIVE if isinstance(op, graph.ReluOp) else NEVER_MINUS_ZERO):
            return False
        rewriter.replace(op, op.x)
        return True


class AbsOfNeg(Pattern[graph.AbsOp]):
    """abs(neg(x)) -> abs(x); guard: x is signed, for the negation of an unsigned number wraps"""

    def rewrite(self, op: graph.AbsOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.NegOp)
        if inner is None or numpy_dtype(element_of(op.x)).kind == "u":
            return False
        rewriter.replace(op, graph.AbsOp(inner.x))
        return True


class DropIdentity(Pattern[graph.IdentityOp]):
    """identity(x) -> x"""

    def rewrite(self, op: graph.IdentityOp, rewriter: Rewriter) -> bool:
        rewriter.replace(op, op.x)
        return True


class ChooseKnown(Pattern[graph.WhereOp]):
    """where(true, x, y) -> x; where(c, x, x) -> x"""

    def rewrite(self, op: graph.WhereOp, rewriter: Rewriter) -> bool:
        condition = splat_of(op.condition, rewriter.session.weights)
        if op.lhs is op.rhs:
            return replace_by(op, op.lhs, rewriter)
        return condition is not None and replace_by(op, op.lhs if condition else op.rhs, rewriter)


class ChooseByNegation(Pattern[graph.WhereOp]):
    """where(not(c), x, y) -> where(c, y, x)"""

    def rewrite(self, op: graph.WhereOp, rewriter: Rewriter) -> bool:
        inner = producer(op.condition, graph.NotOp)
        if inner is None:
            return False
        rewriter.replace(op, graph.WhereOp(inner.x, op.rhs, op.lhs))
        return True


IDENTITIES: tuple[AnyPattern, ...] = (
    ConstantToTheRight(),
    DropIdentity(),
    DropNeutral(),
    DropPlusZero(),
    NegateByFactor(),
    MultiplyIntegerByZero(),
    OrTrue(),
    DropIdempotent(),
    SubtractFromItself(),
    CancelInverse(),
    DropRepeated(),
    DropReluOfNonNegative(),
    AbsOfNeg(),
    ChooseKnown(),
    ChooseByNegation(),
)
