"""Building blocks that several op families share: questions about types, constants, comparisons, intrinsics."""

from collections.abc import Sequence
from functools import cache
from typing import cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    DenseArrayBase,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    VectorType,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, OpResult, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import dense, is_dense, is_float_attr, is_integer, is_integer_attr, is_vector
from .context import Lowering

_ICMP = {flag.value: IntegerAttr(flag.to_int(), i64) for flag in llvm.ICmpPredicateFlag}
_FCMP = {flag.value: IntegerAttr(flag.to_int(), i64) for flag in llvm.FCmpPredicateFlag}
_FLOAT_BITS: dict[type[Attribute], int] = {Float16Type: 16, BFloat16Type: 16, Float32Type: 32, Float64Type: 64}


def element_of(type: Attribute) -> Attribute:
    """The element type of a vector; a scalar is its own element."""
    return type.element_type if is_vector(type) else type


@cache
def with_element(type: Attribute, element: Attribute) -> Attribute:
    """A type of the same shape with another element type."""
    return VectorType(element, type.shape) if is_vector(type) else element


def bool_like(type: Attribute) -> Attribute:
    """What a comparison of values of this type gives: i1, or one i1 for each lane."""
    return with_element(type, i1)


def bits_of(type: Attribute) -> int:
    """Width of a scalar, or of a vector's element."""
    element = element_of(type)
    if is_integer(element):
        return element.width.data
    return _FLOAT_BITS[element.__class__]


@cache
def _integer_attribute(type: Attribute, value: int) -> Attribute:
    element = element_of(type)
    if not is_integer(element):
        return _float_attribute(type, value)
    if is_vector(type):
        return dense(type, [value])
    return IntegerAttr(value, element)


def _float_attribute(type: Attribute, value: float) -> Attribute:
    if is_vector(type):
        return dense(type, [value])
    return FloatAttr(value, cast(AnyFloat, type))


def fill(lowering: Lowering, type: Attribute, value: int | float) -> SSAValue:
    """A scalar constant, or a vector with that value in every lane."""
    attribute = _integer_attribute(type, value) if isinstance(value, int) else _float_attribute(type, value)
    return lowering.constant(attribute, type)


def constant_of(value: SSAValue) -> Attribute | None:
    """The attribute of a constant of the llvm dialect; None for any other value."""
    if isinstance(value, OpResult) and isinstance(value.op, llvm.ConstantOp):
        return value.op.properties["value"]
    return None


def known_bool(value: SSAValue) -> bool | None:
    """The value of an i1 that is a constant."""
    known = constant_of(value)
    return bool(known.value.data) if is_integer_attr(known) else None


def is_number(value: SSAValue) -> bool:
    """Whether a float value is a constant without a NaN in any lane."""
    known = constant_of(value)
    if is_float_attr(known):
        number = known.value.data
        return number == number
    if is_dense(known):
        return all(number == number for number in known.get_values())
    return False


def fcmp(lowering: Lowering, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
    return lowering.emit(llvm_ext.FCmpOp, (a, b), bool_like(a.type), {"predicate": _FCMP[predicate]})


def icmp(lowering: Lowering, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
    return lowering.emit(llvm.ICmpOp, (a, b), bool_like(a.type), {"predicate": _ICMP[predicate]})


def select(lowering: Lowering, cond: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
    op = llvm_ext.SelectOp if is_vector(cond.type) else llvm.SelectOp
    return lowering.emit(op, (cond, a, b), a.type)


_NAMES: dict[str, StringAttr] = {}
_SEGMENTS: dict[int, DenseArrayBase[IntegerType]] = {}


def call_intrinsic(
    lowering: Lowering,
    name: str,
    operands: Sequence[SSAValue],
    result: Attribute,
    flags: llvm.FastMathAttr | None = None,
) -> SSAValue:
    """Emit a call of the intrinsic `name`, such as "llvm.smin", with one result."""
    count = len(operands)
    if name not in _NAMES:
        _NAMES[name] = StringAttr(name)
    if count not in _SEGMENTS:
        _SEGMENTS[count] = DenseArrayBase.from_list(i32, [count, 0])
    properties: dict[str, Attribute] = {"intrin": _NAMES[name], "operandSegmentSizes": _SEGMENTS[count]}
    if flags is not None:
        properties["fastmathFlags"] = flags
    return lowering.emit(llvm.CallIntrinsicOp, operands, result, properties)
