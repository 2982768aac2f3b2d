"""Expressions over SSA values: `x * x + 1.0` emits ops, so that a math function reads like its formula.

A `Expr` is a float or an integer, scalar or vector; Python numbers become constants (splats) of the same type. Nothing
is reassociated or folded: the ops are those written, in the order written, hence scalars and vectors of any
length get the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xdsl.dialects import math, vector
from xdsl.dialects.builtin import IntegerAttr, IntegerType, f32, f64, i1, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import arith
from ..builder import LoopBuilder
from ..loop_types import is_vector


@dataclass(frozen=True)
class Format:
    """An IEEE binary format: f32 is (32, 23, 127), f64 is (64, 52, 1023)."""

    float_type: Attribute
    int_type: Attribute
    width: int
    mantissa: int
    bias: int

    @property
    def shifter(self) -> float:
        """1.5 * 2**mantissa: adding it rounds to an integer, which is then found in the low bits of the sum."""
        return 1.5 * 2.0**self.mantissa

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)

    @property
    def largest(self) -> float:
        return (2.0 - 2.0**-self.mantissa) * 2.0**self.bias


F32 = Format(f32, i32, 32, 23, 127)
F64 = Format(f64, i64, 64, 52, 1023)
_FORMATS: dict[Attribute, Format] = {f32: F32, i32: F32, f64: F64, i64: F64}

Number = int | float


@lru_cache(maxsize=4096)
def _with_element(type_: Attribute, element: Attribute) -> Attribute:
    return arith.with_element(type_, element)


@lru_cache(maxsize=64)
def _predicate(number: int) -> IntegerAttr:
    return IntegerAttr(number, 64)


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """An SSA value and the builder that extends its function. Operators emit; comparisons yield i1 values."""

    builder: LoopBuilder
    ssa: SSAValue

    @property
    def element(self) -> Attribute:
        return arith.element_of(self.ssa.type)

    @property
    def format(self) -> Format:
        return _FORMATS[self.element]

    @property
    def is_int(self) -> bool:
        return isinstance(self.element, IntegerType)

    # -- plumbing ---------------------------------------------------------------------------------------------------------
    def constant(self, number: Number) -> Expr:
        """A constant of this value's type."""
        return Expr(self.builder, self.builder.const(int(number) if self.is_int else float(number), self.ssa.type))

    def _lift(self, other: Expr | Number) -> Expr:
        return other if isinstance(other, Expr) else self.constant(other)

    def _binary(self, float_op: type[Operation] | None, int_op: type[Operation] | None, other: Expr | Number) -> Expr:
        op = int_op if self.is_int else float_op
        assert op is not None, "no such operator on this type"
        return Expr(self.builder, self.builder.binary(op, self.ssa, self._lift(other).ssa))

    def _unary(self, op: type[Operation], element: Attribute | None = None) -> Expr:
        result = self.ssa.type if element is None else _with_element(self.ssa.type, element)
        properties = {"fastmath": _NO_FASTMATH} if op in _FLAGGED else None
        return Expr(self.builder, self.builder.op(op, [self.ssa], result, properties))

    def _compare(self, predicate: str, other: Expr | Number) -> Expr:
        operands = [self.ssa, self._lift(other).ssa]
        result = _with_element(self.ssa.type, i1)
        if self.is_int:
            properties: dict[str, Attribute] = {"predicate": _predicate(_INT_PREDICATES[predicate])}
            return Expr(self.builder, self.builder.op(arith.CmpiOp, operands, result, properties))
        properties = {"predicate": _predicate(_FLOAT_PREDICATES[predicate]), "fastmath": _NO_FASTMATH}
        return Expr(self.builder, self.builder.op(arith.CmpfOp, operands, result, properties))

    # -- arithmetic ---------------------------------------------------------------------------------------------------------
    def __add__(self, other: Expr | Number) -> Expr:
        return self._binary(arith.AddfOp, arith.AddiOp, other)

    def __sub__(self, other: Expr | Number) -> Expr:
        return self._binary(arith.SubfOp, arith.SubiOp, other)

    def __mul__(self, other: Expr | Number) -> Expr:
        return self._binary(arith.MulfOp, arith.MuliOp, other)

    def __truediv__(self, other: Expr | Number) -> Expr:
        return self._binary(arith.DivfOp, None, other)

    def __radd__(self, other: Number) -> Expr:
        return self.constant(other) + self

    def __rsub__(self, other: Number) -> Expr:
        return self.constant(other) - self

    def __rmul__(self, other: Number) -> Expr:
        return self.constant(other) * self

    def __rtruediv__(self, other: Number) -> Expr:
        return self.constant(other) / self

    def __neg__(self) -> Expr:
        return self._unary(arith.NegfOp)

    def fma(self, factor: Expr | Number, addend: Expr | Number) -> Expr:
        """`self * factor + addend`, rounded once where the target has the instruction and twice elsewhere."""
        factor, addend = self._lift(factor), self._lift(addend)
        return Expr(self.builder, self.builder.fma(self.ssa, factor.ssa, addend.ssa))

    def at_most(self, limit: Number) -> Expr:
        """min(self, limit); NaN stays NaN."""
        return self._binary(arith.MinimumfOp, None, limit)

    def at_least(self, limit: Number) -> Expr:
        """max(self, limit); NaN stays NaN."""
        return self._binary(arith.MaximumfOp, None, limit)

    def __abs__(self) -> Expr:
        return self._unary(math.AbsFOp)

    def sqrt(self) -> Expr:
        return self._unary(math.SqrtOp)

    def trunc(self) -> Expr:
        return self._unary(math.TruncOp)

    def floor(self) -> Expr:
        return self._unary(math.FloorOp)

    def with_sign_of(self, other: Expr) -> Expr:
        """copysign(self, other)."""
        operands, properties = [self.ssa, other.ssa], {"fastmath": _NO_FASTMATH}
        return Expr(self.builder, self.builder.op(math.CopySignOp, operands, self.ssa.type, properties))

    # -- bits -----------------------------------------------------------------------------------------------------------------
    def __and__(self, other: Expr | Number) -> Expr:
        return self._lattice(arith.AndIOp, other)

    def __or__(self, other: Expr | Number) -> Expr:
        return self._lattice(arith.OrIOp, other)

    def __xor__(self, other: Expr | Number) -> Expr:
        return self._lattice(arith.XOrIOp, other)

    def negated(self) -> Expr:
        """The complement of an i1."""
        return self ^ 1

    def _lattice(self, op: type[Operation], other: Expr | Number) -> Expr:
        assert self.is_int
        return Expr(self.builder, self.builder.binary(op, self.ssa, self._lift(other).ssa))

    def __lshift__(self, count: Expr | int) -> Expr:
        return self._binary(None, arith.ShLIOp, count)

    def __rshift__(self, count: Expr | int) -> Expr:
        """Logical: fills with zeros."""
        return self._binary(None, arith.ShRUIOp, count)

    def shift_signed(self, count: int) -> Expr:
        """Arithmetic right shift."""
        return self._binary(None, arith.ShRSIOp, count)

    def bits(self) -> Expr:
        """The float's bits as an integer."""
        return self._unary(arith.BitcastOp, self.format.int_type)

    def from_bits(self) -> Expr:
        """The float that has these bits."""
        return self._unary(arith.BitcastOp, self.format.float_type)

    # -- conversions ------------------------------------------------------------------------------------------------------------
    def to_wider(self, element: Attribute) -> Expr:
        """The same number in a wider float type, or in its own."""
        return self if self.element == element else self._unary(arith.ExtFOp, element)

    def to_f64(self) -> Expr:
        return self.to_wider(f64)

    def to_float(self, element: Attribute) -> Expr:
        """Rounded to a narrower float type, or unchanged in its own."""
        return self if self.element == element else self._unary(arith.TruncFOp, element)

    def to_i64(self) -> Expr:
        """Zero-extended."""
        return self if self.element == i64 else self._unary(arith.ExtUIOp, i64)

    def signed_to_f64(self) -> Expr:
        return self._unary(arith.SIToFPOp, f64)

    # -- comparisons: false when an operand is NaN, except `is_not` -----------------------------------------------------
    def __lt__(self, other: Expr | Number) -> Expr:
        return self._compare("lt", other)

    def __le__(self, other: Expr | Number) -> Expr:
        return self._compare("le", other)

    def __gt__(self, other: Expr | Number) -> Expr:
        return self._compare("gt", other)

    def __ge__(self, other: Expr | Number) -> Expr:
        return self._compare("ge", other)

    def equals(self, other: Expr | Number) -> Expr:
        return self._compare("eq", other)

    def is_not(self, other: Expr | Number) -> Expr:
        """True for unequal operands and when either is NaN."""
        return self._compare("ne", other)


def where(condition: Expr, yes: Expr | Number, no: Expr | Number) -> Expr:
    """Lane by lane: `yes` where the condition holds, else `no`; one of them must be a value."""
    typed = yes if isinstance(yes, Expr) else no
    assert isinstance(typed, Expr)
    yes, no = (v if isinstance(v, Expr) else typed.constant(v) for v in (yes, no))
    operands = [condition.ssa, yes.ssa, no.ssa]
    return Expr(condition.builder, condition.builder.op(arith.SelectOp, operands, yes.ssa.type))


def where_any(condition: Expr, slow: Callable[[], Sequence[Expr]], fast: Sequence[Expr]) -> list[Expr]:
    """`where(condition, slow(), fast)`, with the ops of `slow` skipped when the condition holds in no lane."""
    builder = condition.builder
    any_lane = condition.ssa
    if is_vector(any_lane):
        any_lane = builder.op(vector.ReductionOp, [any_lane], i1, _ANY)
    results = builder.if_(
        any_lane,
        lambda: [where(condition, s, f).ssa for s, f in zip(slow(), fast, strict=True)],
        lambda: [f.ssa for f in fast],
        [f.ssa.type for f in fast],
    )
    return [Expr(builder, result) for result in results]


def horner(x: Expr, coefficients: Sequence[float]) -> Expr:
    """c[0] + c[1] * x + c[2] * x**2 + ..., by fused multiply-adds from the last coefficient down."""
    result = x.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = result.fma(x, coefficient)
    return result


_ANY = {"kind": vector.CombiningKindAttr(vector.CombiningKindFlag.OR)}
_NO_FASTMATH = arith.FastMathFlagsAttr("none")
_FLAGGED = frozenset({arith.NegfOp, math.AbsFOp, math.SqrtOp, math.TruncOp, math.FloorOp})
_INT_PREDICATES = {"eq": 0, "ne": 1, "lt": 2, "le": 3, "gt": 4, "ge": 5}
_FLOAT_PREDICATES = {"eq": 1, "gt": 2, "ge": 3, "lt": 4, "le": 5, "ne": 13}
