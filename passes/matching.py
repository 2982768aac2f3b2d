"""What recognisers of decomposed ops share: scalar constants within a tolerance, sums and products in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from ..dialects.graph.elementwise import AddOp, BinaryOp, DivOp, MulOp, NegOp, PowOp, SubOp
from ..runtime.weights import WeightStore
from .constants import splat_of

TOLERANCE = 1e-3
"""Relative difference up to which a constant of a decomposed op is taken for the exact one (half types store 3 digits)."""


def scalar_of(value: SSAValue, store: WeightStore) -> float | None:
    """The number that a constant repeats in all its elements, else None."""
    found = splat_of(value, store)
    return None if found is None else float(found)


def is_close(found: float | None, expected: float) -> bool:
    """Whether a constant was found and is the expected one but for its rounding."""
    return found is not None and abs(found - expected) <= TOLERANCE * abs(expected)


def sole(value: SSAValue, kind: type[Operation]) -> bool:
    """Whether an op of this class defines the value for one user only."""
    return isinstance(value.owner, kind) and value.has_one_use()


@dataclass(frozen=True)
class Terms:
    """A product `constant * a * b * ...` or a sum `constant + a + b + ...`, in no particular order."""

    constant: float
    values: tuple[SSAValue, ...]

    def without(self, value: SSAValue) -> tuple[SSAValue, ...] | None:
        """The values but one occurrence of `value`; None if it is not among them."""
        if value not in self.values:
            return None
        index = self.values.index(value)
        return self.values[:index] + self.values[index + 1 :]


def product_of(value: SSAValue, store: WeightStore, root: bool = True) -> Terms:
    """The value as a product: through mul, neg, division by a constant and small whole powers that nothing else uses."""
    scalar = scalar_of(value, store)
    if scalar is not None:
        return Terms(scalar, ())
    op = value.owner
    if not root and not value.has_one_use():
        return Terms(1.0, (value,))
    match op:
        case MulOp():
            return _times(product_of(op.lhs, store, False), product_of(op.rhs, store, False))
        case NegOp():
            return _times(Terms(-1.0, ()), product_of(op.x, store, False))
        case DivOp() if divisor := scalar_of(op.rhs, store):
            return _times(Terms(1.0 / divisor, ()), product_of(op.lhs, store, False))
        case PowOp() if scalar_of(op.rhs, store) in (2.0, 3.0):
            return Terms(1.0, (op.lhs,) * int(scalar_of(op.rhs, store) or 0))
        case _:
            return Terms(1.0, (value,))


def _times(lhs: Terms, rhs: Terms) -> Terms:
    return Terms(lhs.constant * rhs.constant, lhs.values + rhs.values)


def sum_of(value: SSAValue, store: WeightStore, root: bool = True) -> Terms:
    """The value as a sum: through add and subtraction of constants that nothing else uses."""
    scalar = scalar_of(value, store)
    if scalar is not None:
        return Terms(scalar, ())
    op = value.owner
    if not root and not value.has_one_use():
        return Terms(0.0, (value,))
    match op:
        case AddOp():
            return _plus(sum_of(op.lhs, store, False), sum_of(op.rhs, store, False))
        case SubOp() if (subtrahend := scalar_of(op.rhs, store)) is not None:
            return _plus(Terms(-subtrahend, ()), sum_of(op.lhs, store, False))
        case _:
            return Terms(0.0, (value,))


def _plus(lhs: Terms, rhs: Terms) -> Terms:
    return Terms(lhs.constant + rhs.constant, lhs.values + rhs.values)


def operand_pairs(op: BinaryOp) -> Sequence[tuple[SSAValue, SSAValue]]:
    """The operands in both orders, for commutative ops."""
    return ((op.lhs, op.rhs), (op.rhs, op.lhs))


def other_operand(op: BinaryOp, store: WeightStore, scalar: float) -> SSAValue | None:
    """The operand of a commutative op whose other one is the constant `scalar`."""
    for value, constant in operand_pairs(op):
        if is_close(scalar_of(constant, store), scalar):
            return value
    return None
