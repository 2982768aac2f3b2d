"""Values in registers: SSA scalars or vectors that know their graph element type, with Python operators.

A value's register type is the signless form of its element, except that f16 and bf16 are computed in f32; booleans are i1,
integers below a byte are extended to i8, and floats below f16 are their bits in an i8.
Formulas written with `Value` emit scalar or vector ops alike, whatever the number of lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from xdsl.dialects import math, vector
from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    FloatAttr,
    IntegerAttr,
    Signedness,
    VectorType,
    f32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects import arith
from ..dialects.graph.base import i1
from ..dialects.narrowing import is_integer
from .builder import DEFAULT_PROPERTIES, LoopBuilder
from .loop_types import compute_type, integer_width, type_of, vector_type

HALVES = (Float16Type, BFloat16Type)
Number = float | int


def register_type(element: Attribute) -> Attribute:
    """The type in which values of this graph element type are computed."""
    return f32 if isinstance(element, HALVES) else compute_type(element)


def is_signed(element: Attribute) -> bool:
    """Whether an integer element compares and divides as signed; signless counts as signed, i1 and small floats do not."""
    return is_integer(element) and element.signedness.data is not Signedness.UNSIGNED and element != i1


def lanes_of(value: SSAValue) -> int:
    """How many lanes a vector has; 0 for a scalar."""
    type_ = type_of(value)
    return cast("VectorType[Attribute]", type_).get_shape()[0] if isinstance(type_, VectorType) else 0


def shaped(element: Attribute, lanes: int) -> Attribute:
    """A vector type of so many lanes, or the scalar type when there are none."""
    return vector_type(element, lanes) if lanes else element


def constant_of(value: SSAValue) -> Number | None:
    """The number that a scalar or splat constant holds; None for anything else."""
    op = value.owner
    if isinstance(op, vector.BroadcastOp):
        op = op.source.owner
    if not isinstance(op, arith.ConstantOp):
        return None
    attr = cast(Attribute, op.value)
    if isinstance(attr, IntegerAttr | FloatAttr):
        return cast("FloatAttr[AnyFloat]", attr).value.data
    numbers = cast("DenseIntOrFPElementsAttr[AnyFloat]", attr).get_values()
    return numbers[0] if numbers and all(n == numbers[0] for n in numbers) else None


_PREDICATES = {"eq": 0, "ne": 1, "slt": 2, "sle": 3, "sgt": 4, "sge": 5, "ult": 6, "ule": 7, "ugt": 8, "uge": 9}
_FLOAT_PREDICATES = {"oeq": 1, "ogt": 2, "oge": 3, "olt": 4, "ole": 5, "uno": 14, "une": 13}
_ATTRS = {i: IntegerAttr(i, i64) for i in range(16)}
_NO_FASTMATH = {"fastmath": arith.FastMathFlagsAttr("none")}


@dataclass(frozen=True, slots=True)
class Value:
    """An SSA value of graph element type `element` in its register type; operators take numbers as constants of that type."""

    b: LoopBuilder
    ssa: SSAValue
    element: Attribute

    # -- kinds ----------------------------------------------------------------------------------------------------------
    @property
    def is_float(self) -> bool:
        return integer_width(self.element) is None

    @property
    def is_signed(self) -> bool:
        return self.is_float or is_signed(self.element)

    @property
    def width(self) -> int:
        """Bits of the element as stored."""
        width = integer_width(self.element)
        assert width is not None
        return width

    @property
    def lanes(self) -> int:
        return lanes_of(self.ssa)

    def constant(self) -> Number | None:
        return constant_of(self.ssa)

    # -- construction -----------------------------------------------------------------------------------------------------
    def like(self, number: Number) -> Value:
        """A constant of this value's element and lanes."""
        kind = shaped(register_type(self.element), self.lanes)
        return Value(self.b, self.b.const(float(number) if self.is_float else int(number), kind), self.element)

    def lift(self, other: Value | Number) -> Value:
        return other if isinstance(other, Value) else self.like(other)

    def of(self, ssa: SSAValue) -> Value:
        return Value(self.b, ssa, self.element)

    def emit(self, cls: type[Operation], *operands: Value) -> Value:
        """An op on this value and others whose result has this value's type."""
        ssas = [self.ssa, *(o.ssa for o in operands)]
        return self.of(self.b.pure(cls, ssas, self.ssa.type, DEFAULT_PROPERTIES.get(cls)))

    def math(self, cls: type[Operation], *others: Value) -> Value:
        """A `math` op (or negf): float operands and result of this type."""
        return self.of(self.b.pure(cls, [self.ssa, *(o.ssa for o in others)], self.ssa.type, _NO_FASTMATH))

    def convert(self, cls: type[Operation], element: Attribute, kind: Attribute | None = None) -> Value:
        """A conversion op to the register type of `element`, or to the scalar type `kind`."""
        result = shaped(kind or register_type(element), self.lanes)
        return Value(self.b, self.b.pure(cls, [self.ssa], result), element)

    # -- arithmetic -------------------------------------------------------------------------------------------------------
    def _arith(self, other: Value | Number, of_float: type[Operation], of_int: type[Operation]) -> Value:
        return self.emit(of_float if self.is_float else of_int, self.lift(other))

    def __add__(self, other: Value | Number) -> Value:
        return self._arith(other, arith.AddfOp, arith.AddiOp)

    def __radd__(self, other: Number) -> Value:
        return self + other

    def __sub__(self, other: Value | Number) -> Value:
        return self._arith(other, arith.SubfOp, arith.SubiOp)

    def __rsub__(self, other: Number) -> Value:
        return self.like(other) - self

    def __mul__(self, other: Value | Number) -> Value:
        return self._arith(other, arith.MulfOp, arith.MuliOp)

    def __rmul__(self, other: Number) -> Value:
        return self * other

    def __truediv__(self, other: Value | Number) -> Value:
        """Float division."""
        return self.emit(arith.DivfOp, self.lift(other))

    def __rtruediv__(self, other: Number) -> Value:
        return self.like(other) / self

    def __neg__(self) -> Value:
        return self.math(arith.NegfOp) if self.is_float else 0 - self

    def __and__(self, other: Value | Number) -> Value:
        return self.emit(arith.AndIOp, self.lift(other))

    def __or__(self, other: Value | Number) -> Value:
        return self.emit(arith.OrIOp, self.lift(other))

    def __xor__(self, other: Value | Number) -> Value:
        return self.emit(arith.XOrIOp, self.lift(other))

    def __lshift__(self, other: Value | Number) -> Value:
        return self.emit(arith.ShLIOp, self.lift(other))

    def __rshift__(self, other: Value | Number) -> Value:
        """Arithmetic for signed elements, logical for others."""
        return self.emit(arith.ShRSIOp if self.is_signed else arith.ShRUIOp, self.lift(other))

    def __abs__(self) -> Value:
        if self.is_float:
            return self.math(math.AbsFOp)
        return self.maximum(-self) if self.is_signed else self

    def fma(self, factor: Value | Number, addend: Value | Number) -> Value:
        """`self * factor + addend`."""
        return self.of(self.b.fma(self.ssa, self.lift(factor).ssa, self.lift(addend).ssa))

    # -- comparison and choice ----------------------------------------------------------------------------------------------
    def compare(self, relation: str, other: Value | Number) -> Value:
        """`lt le gt ge eq ne`, a boolean value; false where a float is NaN, except `ne`."""
        rhs = self.lift(other)
        if self.is_float:
            cls, number = arith.CmpfOp, _FLOAT_PREDICATES[("u" if relation == "ne" else "o") + relation]
        else:
            sign = "" if relation in ("eq", "ne") else ("s" if self.is_signed else "u")
            cls, number = arith.CmpiOp, _PREDICATES[sign + relation]
        properties: dict[str, Attribute] = {"predicate": _ATTRS[number], **(_NO_FASTMATH if self.is_float else {})}
        return Value(self.b, self.b.pure(cls, [self.ssa, rhs.ssa], shaped(i1, self.lanes), properties), i1)

    def is_nan(self) -> Value:
        properties: dict[str, Attribute] = {"predicate": _ATTRS[_FLOAT_PREDICATES["uno"]], **_NO_FASTMATH}
        return Value(self.b, self.b.pure(arith.CmpfOp, [self.ssa, self.ssa], shaped(i1, self.lanes), properties), i1)

    def lt(self, other: Value | Number) -> Value:
        return self.compare("lt", other)

    def le(self, other: Value | Number) -> Value:
        return self.compare("le", other)

    def gt(self, other: Value | Number) -> Value:
        return self.compare("gt", other)

    def ge(self, other: Value | Number) -> Value:
        return self.compare("ge", other)

    def eq(self, other: Value | Number) -> Value:
        return self.compare("eq", other)

    def ne(self, other: Value | Number) -> Value:
        return self.compare("ne", other)

    def select(self, then: Value | Number, otherwise: Value | Number) -> Value:
        """`then` where this boolean holds, else `otherwise`; one of the two is a value."""
        typed = then if isinstance(then, Value) else otherwise
        assert isinstance(typed, Value)
        a, c = typed.lift(then), typed.lift(otherwise)
        return typed.of(self.b.pure(arith.SelectOp, [self.ssa, a.ssa, c.ssa], a.ssa.type))

    def _extremum(self, other: Value | Number, relation: str, signed: type[Operation], unsigned: type[Operation]) -> Value:
        rhs = self.lift(other)
        if not self.is_float:
            return self.emit(signed if self.is_signed else unsigned, rhs)
        # One x86 max/min each: `a > b ? a : b` is b where either is NaN, so a NaN in a constant-free operand needs a select.
        if rhs.constant() is not None:
            return rhs.compare(relation, self).select(rhs, self)
        chosen = self.compare(relation, rhs).select(self, rhs)
        return chosen if self.constant() is not None else self.is_nan().select(self, chosen)

    def maximum(self, other: Value | Number) -> Value:
        """The larger; NaN propagates (a constant operand is taken not to be NaN)."""
        return self._extremum(other, "gt", arith.MaxSIOp, arith.MaxUIOp)

    def minimum(self, other: Value | Number) -> Value:
        """The smaller; NaN propagates (a constant operand is taken not to be NaN)."""
        return self._extremum(other, "lt", arith.MinSIOp, arith.MinUIOp)

    def clamp(self, low: Number, high: Number) -> Value:
        return self.maximum(low).minimum(high)
