"""Conversions between float types, with the half types spelled out where the processor has no instruction.

LLVM would call a library function for those, and kernels call none. All round to nearest even.
f16 without hardware follows Fabian Giesen's public-domain `float_to_half_fast3_rtne` and `half_to_float`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import llvm
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float64Type, f16, f32, f64, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from .common import bits_of, element_of, fcmp, fill, icmp, select, with_element
from .context import Lowering


@dataclass(frozen=True, slots=True)
class _Bits:
    """Integer arithmetic on scalars or vectors, one method an instruction, with Python ints as constants."""

    lowering: Lowering

    def _binary(self, op: type[Operation], a: SSAValue, b: SSAValue | int) -> SSAValue:
        right = fill(self.lowering, a.type, b) if isinstance(b, int) else b
        return self.lowering.emit(op, (a, right), a.type)

    def and_(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        return self._binary(llvm.AndOp, a, b)

    def or_(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        return self._binary(llvm.OrOp, a, b)

    def add(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        return self._binary(llvm.AddOp, a, b)

    def sub(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        return self._binary(llvm.SubOp, a, b)

    def shl(self, a: SSAValue, b: int) -> SSAValue:
        return self._binary(llvm.ShlOp, a, b)

    def shr(self, a: SSAValue, b: int) -> SSAValue:
        return self._binary(llvm.LShrOp, a, b)

    def compare(self, predicate: str, a: SSAValue, b: int) -> SSAValue:
        return icmp(self.lowering, predicate, a, fill(self.lowering, a.type, b))

    def choose(self, cond: SSAValue, a: SSAValue | int, b: SSAValue) -> SSAValue:
        first = fill(self.lowering, b.type, a) if isinstance(a, int) else a
        return select(self.lowering, cond, first, b)

    def cast(self, op: type[Operation], a: SSAValue, element: Attribute) -> SSAValue:
        """`op` from `a` to the type of the same shape with elements of type `element`."""
        return self.lowering.emit(op, (a,), with_element(a.type, element))

    def bitcast(self, a: SSAValue, element: Attribute) -> SSAValue:
        return self.cast(llvm.BitcastOp, a, element)


def lower_extf(lowering: Lowering, op: Operation) -> None:
    source, result = op.operands[0], op.results[0]
    value = _extend(_Bits(lowering), lowering.value(source), element_of(source.type), element_of(result.type))
    lowering.values[result] = value


def lower_truncf(lowering: Lowering, op: Operation) -> None:
    result = op.results[0]
    lowering.values[result] = _truncate(_Bits(lowering), lowering.value(op.operands[0]), element_of(result.type))


def _extend(b: _Bits, value: SSAValue, source: Attribute, to: Attribute) -> SSAValue:
    """From `source` (of which bf16 comes as i16) to a wider float type: exact. The half types go through f32."""
    match source:
        case BFloat16Type():
            wide = b.bitcast(b.shl(b.cast(llvm.ZExtOp, value, i32), 16), f32)
        case Float16Type() if b.lowering.target.has_half_convert:
            wide = b.cast(llvm.FPExtOp, value, f32)
        case Float16Type():
            wide = _extend_f16(b, value)
        case _:
            wide = value
    return b.cast(llvm.FPExtOp, wide, to) if bits_of(to) > bits_of(wide.type) else wide


def _truncate(b: _Bits, value: SSAValue, to: Attribute) -> SSAValue:
    """To a narrower float type. From f64 to the half types it rounds once, through f32 rounded to odd."""
    half = isinstance(to, Float16Type | BFloat16Type)
    if isinstance(element_of(value.type), Float64Type):
        value = _round_to_odd(b, value) if half else b.cast(llvm.FPTruncOp, value, f32)
    if isinstance(to, BFloat16Type):
        return _truncate_bf16(b, value)
    if isinstance(to, Float16Type):
        # LLVM folds two conversions in a row into one from f64, which rounds otherwise and is a library call.
        direct = b.lowering.target.has_half_convert and not isinstance(value.owner, llvm.FPTruncOp)
        return b.cast(llvm.FPTruncOp, value, f16) if direct else _truncate_f16(b, value)
    return value


def _truncate_bf16(b: _Bits, value: SSAValue) -> SSAValue:
    """f32 -> the bits of bf16: add half of the last kept bit, less one unless that bit is odd; NaN stays NaN."""
    bits = b.bitcast(value, i32)
    high = b.shr(bits, 16)
    rounded = b.shr(b.add(b.add(bits, 0x7FFF), b.and_(high, 1)), 16)
    nan = fcmp(b.lowering, "uno", value, value)
    kept = b.choose(nan, b.or_(high, 0x40), rounded)
    return b.cast(llvm.TruncOp, kept, i16)


def _extend_f16(b: _Bits, value: SSAValue) -> SSAValue:
    """f16 -> f32: move exponent and mantissa into place, then mend infinity and NaN, and the subnormals by arithmetic."""
    bits = b.cast(llvm.ZExtOp, b.bitcast(value, i16), i32)
    moved = b.shl(b.and_(bits, 0x7FFF), 13)
    exponent = b.and_(moved, 0x0F800000)
    normal = b.add(moved, (127 - 15) << 23)
    special = b.add(normal, (128 - 16) << 23)
    float_type = with_element(bits.type, f32)
    tiny = b.bitcast(b.add(normal, 1 << 23), f32)
    subnormal = b.lowering.emit(llvm.FSubOp, (tiny, fill(b.lowering, float_type, 2.0**-14)), float_type)
    magnitude = b.choose(b.compare("eq", exponent, 0x0F800000), special, normal)
    magnitude = b.choose(b.compare("eq", exponent, 0), b.bitcast(subnormal, i32), magnitude)
    return b.bitcast(b.or_(magnitude, b.shl(b.and_(bits, 0x8000), 16)), f32)


def _truncate_f16(b: _Bits, value: SSAValue) -> SSAValue:
    """f32 -> f16: round the mantissa by integer addition; subnormals by a float addition that rounds at the right bit."""
    bits = b.bitcast(value, i32)
    magnitude = b.and_(bits, 0x7FFFFFFF)
    odd = b.and_(b.shr(magnitude, 13), 1)
    normal = b.shr(b.add(b.add(magnitude, ((15 - 127) << 23) + 0xFFF), odd), 13)
    float_type = with_element(bits.type, f32)
    magic = fill(b.lowering, float_type, 0.5)  # its last mantissa bit weighs what f16's last subnormal bit does
    aligned = b.lowering.emit(llvm.FAddOp, (b.bitcast(magnitude, f32), magic), float_type)
    subnormal = b.sub(b.bitcast(aligned, i32), 126 << 23)
    nan = b.compare("ugt", magnitude, 0x7F800000)
    special = b.choose(nan, 0x7E00, fill(b.lowering, bits.type, 0x7C00))
    finite = b.choose(b.compare("ult", magnitude, 113 << 23), subnormal, normal)
    chosen = b.choose(b.compare("uge", magnitude, (127 + 16) << 23), special, finite)
    signed = b.or_(chosen, b.shr(b.and_(bits, -(2**31)), 16))
    return b.bitcast(b.cast(llvm.TruncOp, signed, i16), f16)


def _round_to_odd(b: _Bits, value: SSAValue) -> SSAValue:
    """f64 -> f32, towards zero with the last bit set where inexact, so that rounding again cannot round twice.

    Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008).
    """
    nearest = b.cast(llvm.FPTruncOp, value, f32)
    back = b.bitcast(b.cast(llvm.FPExtOp, nearest, f64), i64)
    source = b.bitcast(value, i64)
    low, mask = (b.and_(bits, 2**63 - 1) for bits in (source, back))
    away = icmp(b.lowering, "ugt", mask, low)
    inexact = icmp(b.lowering, "ne", mask, low)
    bits = b.bitcast(nearest, i32)
    step = b.cast(llvm.SExtOp, away, i32)
    odd = b.cast(llvm.ZExtOp, inexact, i32)
    return b.bitcast(b.or_(b.add(bits, step), odd), f32)
