"""Conversions between element types, and between how an element is stored and how it is computed.

ONNX leaves float to integer conversion out of range undefined. Here it saturates at 32 and 64 bits, and narrower integers take
the low bits of that, as C code on x86-64 has it; NaN becomes 0.
"""

from __future__ import annotations

from xdsl.dialects.builtin import f64, i8, i32, i64
from xdsl.ir import Attribute, SSAValue

from ..dialects import arith
from ..dialects.graph.base import i1, si64
from .builder import LoopBuilder
from .loop_types import integer_width, storage_type
from .values import HALVES, Value, is_signed, register_type


def to_register(b: LoopBuilder, stored: SSAValue, element: Attribute) -> Value:
    """An element (or a vector of them) as loaded from memory, in its register type."""
    value = Value(b, stored, element)
    if element == i1:
        return Value(b, stored, i8).ne(0)
    return value.convert(arith.ExtFOp, element) if isinstance(element, HALVES) else value


def to_storage(value: Value) -> SSAValue:
    """A value in the type in which its element lies in memory; halves are rounded here, to nearest even."""
    element = value.element
    if element == i1:
        return value.convert(arith.ExtUIOp, element, storage_type(element)).ssa
    return value.convert(arith.TruncFOp, element, element).ssa if isinstance(element, HALVES) else value.ssa


def cast(value: Value, to: Attribute) -> Value:
    """`value` converted to another element type by the rules of ONNX Cast."""
    if value.element == to:
        return value
    if to == i1:
        return value.ne(0)
    width = integer_width(to)
    if width is not None:
        return _float_to_integer(value, to, width) if value.is_float else _resize(value, to, width)
    if value.is_float:
        return _float_to_float(value, to)
    exact = value.convert(arith.SIToFPOp if value.is_signed else arith.UIToFPOp, to)
    return to_register(value.b, to_storage(exact), to) if isinstance(to, HALVES) else exact


def _resize(value: Value, to: Attribute, width: int) -> Value:
    if value.width == width:
        return Value(value.b, value.ssa, to)
    widen = arith.ExtSIOp if value.is_signed else arith.ExtUIOp
    return value.convert(widen if width > value.width else arith.TruncIOp, to)


def _float_to_float(value: Value, to: Attribute) -> Value:
    if isinstance(to, HALVES):
        return to_register(value.b, value.convert(arith.TruncFOp, to, to).ssa, to)
    source, target = register_type(value.element), register_type(to)
    if source == target:
        return Value(value.b, value.ssa, to)
    return value.convert(arith.ExtFOp if target == f64 else arith.TruncFOp, to)


def _float_to_integer(value: Value, to: Attribute, width: int) -> Value:
    if width == 64 and not is_signed(to):
        high = value.ge(2.0**63)
        above = _saturate(high.select(value, 2.0**63), to, 64)
        below = _saturate(high.select(0.0, value), si64, 64)
        return high.select(above, Value(value.b, below.ssa, to))
    narrow = width < 32 or (width == 32 and is_signed(to))
    whole = _saturate(value, i32, 32) if narrow else _saturate(value, i64, 64)
    return _resize(whole, to, width)


def _saturate(value: Value, to: Attribute, width: int) -> Value:
    """Truncate to a 32- or 64-bit integer; outside its range its extremes, 0 for NaN."""
    signed = is_signed(to)
    low, high = (-(2.0 ** (width - 1)), 2.0 ** (width - 1)) if signed else (0.0, 2.0**width)
    over = value.ge(high)
    inside = value.gt(low).select(value, low)
    safe = over.select(low, inside)
    whole = safe.convert(arith.FPToSIOp if signed else arith.FPToUIOp, to)
    clipped = over.select(whole.like(2 ** (width - 1) - 1 if signed else -1), whole)
    return value.is_nan().select(0, clipped)
