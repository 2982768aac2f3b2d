"""`arith` on index values: sums and products stay polynomials, everything else becomes a leaf.

A leaf is computed once, in the outermost scope that leaves all loops it does not depend on, unless it can trap.
"""

from collections.abc import Callable
from functools import partial

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IndexType, i64
from xdsl.ir import Operation, SSAValue

from ...dialects.narrowing import is_integer
from . import polynomial
from .common import bool_like, call_intrinsic, fill, icmp
from .context import INDEX_BITS, Handler, Lowering, unsupported
from .polynomial import Poly

_MASK = (1 << INDEX_BITS) - 1
Build = Callable[[Lowering, SSAValue, SSAValue], SSAValue]


def _unsigned(value: int) -> int:
    return value & _MASK


def _signed(value: int) -> int:
    return ((value + (1 << (INDEX_BITS - 1))) & _MASK) - (1 << (INDEX_BITS - 1))


def _truncated(a: int, b: int) -> int:
    """Signed division towards zero, as the machine does it."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _binary(op: type[Operation]) -> Build:
    return lambda lowering, a, b: lowering.emit(op, (a, b), i64)


def _intrinsic(name: str) -> Build:
    return lambda lowering, a, b: call_intrinsic(lowering, name, (a, b), i64)


def floor_divide(lowering: Lowering, a: SSAValue, b: SSAValue, *, up: bool = False) -> SSAValue:
    """Signed division towards minus infinity, or plus infinity; of i64 or any integer type.

    The machine divides towards zero, which is off by one where there is a remainder and the signs of a and b differ
    (towards plus infinity: agree).
    """
    type = a.type
    zero, condition = fill(lowering, type, 0), bool_like(type)
    quotient = lowering.emit(llvm.SDivOp, (a, b), type)
    remainder = lowering.emit(llvm.SRemOp, (a, b), type)
    inexact = icmp(lowering, "ne", remainder, zero)
    signs = lowering.emit(llvm.XOrOp, (a, b), type)
    agree = "sge" if up else "slt"
    off_side = icmp(lowering, agree, signs, zero)
    wrong = lowering.emit(llvm.AndOp, (inexact, off_side), condition)
    correction = lowering.emit(llvm.ZExtOp, (wrong,), type)
    return lowering.emit(llvm.AddOp if up else llvm.SubOp, (quotient, correction), type)


def ceil_divide_unsigned(lowering: Lowering, a: SSAValue, b: SSAValue) -> SSAValue:
    """Unsigned division, rounded up, without overflow."""
    type = a.type
    zero = fill(lowering, type, 0)
    quotient = lowering.emit(llvm.UDivOp, (a, b), type)
    remainder = lowering.emit(llvm.URemOp, (a, b), type)
    inexact = icmp(lowering, "ne", remainder, zero)
    return lowering.emit(llvm.AddOp, (quotient, lowering.emit(llvm.ZExtOp, (inexact,), type)), type)


def _ceil_divide(lowering: Lowering, a: SSAValue, b: SSAValue) -> SSAValue:
    return floor_divide(lowering, a, b, up=True)


def _shift_count(count: int) -> int:
    """A count that is too large gives poison; folding it must only end."""
    return count % INDEX_BITS


_FOLD: dict[str, Callable[[int, int], int]] = {
    "arith.divsi": _truncated,
    "arith.remsi": lambda a, b: a - b * _truncated(a, b),
    "arith.divui": lambda a, b: _unsigned(a) // _unsigned(b),
    "arith.remui": lambda a, b: _unsigned(a) % _unsigned(b),
    "arith.floordivsi": int.__floordiv__,
    "arith.ceildivsi": lambda a, b: -(-a // b),
    "arith.ceildivui": lambda a, b: -(-_unsigned(a) // _unsigned(b)),
    "arith.minsi": min,
    "arith.maxsi": max,
    "arith.minui": lambda a, b: min(a, b, key=_unsigned),
    "arith.maxui": lambda a, b: max(a, b, key=_unsigned),
    "arith.andi": int.__and__,
    "arith.ori": int.__or__,
    "arith.xori": int.__xor__,
    "arith.shli": lambda a, b: a << _shift_count(b),
    "arith.shrui": lambda a, b: _unsigned(a) >> _shift_count(b),
    "arith.shrsi": lambda a, b: a >> _shift_count(b),
}
"""What an op gives for two constants."""

_BUILD: dict[str, Build] = {
    "arith.divsi": _binary(llvm.SDivOp),
    "arith.remsi": _binary(llvm.SRemOp),
    "arith.divui": _binary(llvm.UDivOp),
    "arith.remui": _binary(llvm.URemOp),
    "arith.floordivsi": floor_divide,
    "arith.ceildivsi": _ceil_divide,
    "arith.ceildivui": ceil_divide_unsigned,
    "arith.minsi": _intrinsic("llvm.smin"),
    "arith.maxsi": _intrinsic("llvm.smax"),
    "arith.minui": _intrinsic("llvm.umin"),
    "arith.maxui": _intrinsic("llvm.umax"),
    "arith.andi": _binary(llvm.AndOp),
    "arith.ori": _binary(llvm.OrOp),
    "arith.xori": _binary(llvm.XOrOp),
    "arith.shli": _binary(llvm.ShlOp),
    "arith.shrui": _binary(llvm.LShrOp),
    "arith.shrsi": _binary(llvm.AShrOp),
}
"""How to emit it otherwise."""

_QUOTIENTS = ("arith.divsi", "arith.divui", "arith.floordivsi", "arith.ceildivsi", "arith.ceildivui")
_DIVISIONS = (*_QUOTIENTS, "arith.remsi", "arith.remui")


def lower_index_op(lowering: Lowering, op: Operation) -> None:
    """An `arith` op with two index operands and an index result."""
    a, b = (lowering.polys[operand] for operand in op.operands)
    lowering.polys[op.results[0]] = _apply(lowering, op, a, b)


def _apply(lowering: Lowering, op: Operation, a: Poly, b: Poly) -> Poly:
    match op.name:
        case "arith.addi":
            return polynomial.add(a, b)
        case "arith.subi":
            return polynomial.subtract(a, b)
        case "arith.muli":
            return lowering.multiply(a, b)
        case "arith.shli" if not b.terms and 0 <= b.constant < INDEX_BITS:
            return polynomial.scale(a, 1 << b.constant)
        case name if name in _BUILD:
            return _leaf(lowering, name, a, b)
        case _:
            raise unsupported(op)


def _leaf(lowering: Lowering, name: str, a: Poly, b: Poly) -> Poly:
    safe = name not in _DIVISIONS or (not b.terms and b.constant != 0)
    if safe and not a.terms and not b.terms:
        return polynomial.constant(_signed(_FOLD[name](_signed(a.constant), _signed(b.constant))))
    if name in _QUOTIENTS and b == polynomial.ONE:
        return a
    depth = max(a.depth, b.depth) if safe else lowering.level
    build = partial(_build_leaf, lowering, name, a, b)
    return lowering.leaf(*lowering.hoisted((name, a, b), depth, build))


def _build_leaf(lowering: Lowering, name: str, a: Poly, b: Poly) -> SSAValue:
    return _BUILD[name](lowering, lowering.materialise(a), lowering.materialise(b))


def lower_index_cast(lowering: Lowering, op: Operation) -> None:
    """`arith.index_cast`: sign extension to i64, or truncation of it."""
    source, result = op.operands[0], op.results[0]
    value = lowering.value(source)
    if isinstance(result.type, IndexType):
        assert is_integer(source.type)
        narrow = source.type.width.data < INDEX_BITS
        lowering.bind(result, lowering.emit(llvm.SExtOp, (value,), i64) if narrow else value)
    elif result.type == i64:
        lowering.values[result] = value
    else:
        lowering.values[result] = lowering.emit(llvm.TruncOp, (value,), result.type)


HANDLERS: dict[str, Handler] = {"arith.index_cast": lower_index_cast}
