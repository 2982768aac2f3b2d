"""Conversions between element types, and between how an element is stored and how it is computed.

ONNX leaves float to integer conversion out of range undefined. Here it saturates at 32 and 64 bits, and narrower integers take
the low bits of that, as C code on x86-64 has it; NaN becomes 0. docs/element-types.md has the rules of all types.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ReducedPrecisionFloatType, f32, f64, i8, i32, i64
from xdsl.ir import Attribute, SSAValue

from ..dialects import arith
from ..dialects.graph.base import i1, si64
from ..dialects.graph.dtypes import bits_of, is_small_float, is_sub_byte
from .builder import LoopBuilder
from .loop_types import bit_width, integer_width, storage_type
from .small_floats import decode, encode
from .values import HALVES, Value, is_signed, register_type


def to_register(b: LoopBuilder, stored: SSAValue, element: Attribute) -> Value:
    """An element (or a vector of them) as loaded from memory, in its register type."""
    value = Value(b, stored, element)
    if element == i1:
        return Value(b, stored, i8).ne(0)
    if is_sub_byte(element):
        return _low_bits(value)
    return value.convert(arith.ExtFOp, element) if isinstance(element, HALVES) else value


def to_storage(value: Value) -> SSAValue:
    """A value in the type in which its element lies in memory; halves are rounded here, to nearest even."""
    element = value.element
    if element == i1:
        return value.convert(arith.ExtUIOp, element, storage_type(element)).ssa
    if is_sub_byte(element) and value.is_signed:
        return (value & (2**value.width - 1)).ssa
    return value.convert(arith.TruncFOp, element, element).ssa if isinstance(element, HALVES) else value.ssa


def stored_number(number: float | int, element: Attribute) -> float | int:
    """A number that registers hold as it lies in memory: the high bits of integers below a byte are zero."""
    return int(number) & (2 ** bits_of(element) - 1) if is_sub_byte(element) else number


def cast(value: Value, to: Attribute, saturate: bool = True, round_mode: str = "up") -> Value:
    """`value` converted to another element type by the rules of ONNX Cast.

    `saturate` and `round_mode` are for small floats (`small_floats.encode`).
    """
    if value.element == to:
        return value
    if is_small_float(value.element):
        return cast(decode(value), to, saturate, round_mode)
    if isinstance(to, ReducedPrecisionFloatType):
        wide = value if value.element == f64 else cast(value, f32)
        return encode(wide, to, saturate, round_mode)
    if to == i1:
        return value.ne(0)
    if integer_width(to) is not None:
        return _float_to_integer(value, to, bit_width(to)) if value.is_float else _resize(value, to)
    if value.is_float:
        return _float_to_float(value, to)
    exact = value.convert(arith.SIToFPOp if value.is_signed else arith.UIToFPOp, to)
    return to_register(value.b, to_storage(exact), to) if isinstance(to, HALVES) else exact


def _resize(value: Value, to: Attribute) -> Value:
    """An integer with more bits, or the low ones of it."""
    before, after = bit_width(value.element), bit_width(to)
    if before == after:
        resized = Value(value.b, value.ssa, to)
    else:
        widen = arith.ExtSIOp if value.is_signed else arith.ExtUIOp
        resized = value.convert(widen if after > before else arith.TruncIOp, to)
    return _low_bits(resized) if is_sub_byte(to) else resized


def _low_bits(value: Value) -> Value:
    """An integer below a byte of which only its own bits are right: the rest of its register set by its sign."""
    rest = 8 - value.width
    return (value << rest) >> rest if value.is_signed else value & (2**value.width - 1)


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
    return _resize(whole, to)


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


def bitcast(value: Value, to: Attribute) -> Value:
    """The stored bits of `value` read as an element of another type of the same width (ONNX BitCast)."""
    stored, kind = to_storage(value), storage_type(to)
    if storage_type(value.element) != kind:
        stored = Value(value.b, stored, value.element).convert(arith.BitcastOp, to, kind).ssa
    return to_register(value.b, stored, to)
