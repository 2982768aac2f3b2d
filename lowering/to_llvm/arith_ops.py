"""`arith` on integers and floats, scalars and vectors alike."""

from collections.abc import Callable

from xdsl.dialects import arith, llvm
from xdsl.dialects.builtin import BFloat16Type, IndexType, IntegerAttr, bf16, i1, i16
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import dense, is_dense, is_float_attr, is_integer_attr
from . import half, polynomial
from .common import bool_like, call_intrinsic, element_of, fcmp, icmp, is_number, select
from .context import Handler, Lowering, llvm_type, unsupported
from .index_ops import HANDLERS as INDEX_HANDLERS
from .index_ops import ceil_divide_unsigned, floor_divide, lower_index_op

_FLAGS: dict[arith.FastMathFlagsAttr, llvm.FastMathAttr] = {}
_NO_FLAGS = llvm.FastMathAttr(None)
_NO_SIGNED_ZEROS = llvm.FastMathAttr([FastMathFlag.NO_SIGNED_ZEROS])

_INTEGER: dict[str, type[Operation]] = {
    "arith.addi": llvm.AddOp,
    "arith.subi": llvm.SubOp,
    "arith.muli": llvm.MulOp,
    "arith.divsi": llvm.SDivOp,
    "arith.divui": llvm.UDivOp,
    "arith.remsi": llvm.SRemOp,
    "arith.remui": llvm.URemOp,
    "arith.andi": llvm.AndOp,
    "arith.ori": llvm.OrOp,
    "arith.xori": llvm.XOrOp,
    "arith.shli": llvm.ShlOp,
    "arith.shrui": llvm.LShrOp,
    "arith.shrsi": llvm.AShrOp,
}
INTEGER_INTRINSICS = {
    "arith.minsi": "llvm.smin",
    "arith.maxsi": "llvm.smax",
    "arith.minui": "llvm.umin",
    "arith.maxui": "llvm.umax",
}
_INTEGER_DIVISIONS = ("arith.floordivsi", "arith.ceildivsi", "arith.ceildivui")
_FLOAT: dict[str, type[Operation]] = {
    "arith.addf": llvm.FAddOp,
    "arith.subf": llvm.FSubOp,
    "arith.mulf": llvm.FMulOp,
    "arith.divf": llvm.FDivOp,
}
# op -> intrinsic, the comparison that picks the first operand, and whether NaN wins.
FLOAT_EXTREMES = {
    "arith.maximumf": ("llvm.maximum", "ogt", True),
    "arith.minimumf": ("llvm.minimum", "olt", True),
    "arith.maxnumf": ("llvm.maxnum", "ogt", False),
    "arith.minnumf": ("llvm.minnum", "olt", False),
}
_CASTS: dict[str, type[Operation]] = {
    "arith.extsi": llvm.SExtOp,
    "arith.extui": llvm.ZExtOp,
    "arith.trunci": llvm.TruncOp,
    "arith.sitofp": llvm.SIToFPOp,
    "arith.uitofp": llvm_ext.UIToFPOp,
    "arith.fptosi": llvm_ext.FPToSIOp,
    "arith.fptoui": llvm_ext.FPToUIOp,
}


def fast_math(op: Operation) -> llvm.FastMathAttr:
    """The fast-math flags of an `arith` or `math` op, in the llvm dialect."""
    flags = op.properties.get("fastmath")
    if not isinstance(flags, arith.FastMathFlagsAttr) or not flags.data:
        return _NO_FLAGS
    if flags not in _FLAGS:
        _FLAGS[flags] = llvm.FastMathAttr(flags.data)
    return _FLAGS[flags]


def lower_constant(lowering: Lowering, op: Operation) -> None:
    value, result = op.properties["value"], op.results[0]
    if isinstance(result.type, IndexType):
        assert is_integer_attr(value)
        lowering.polys[result] = polynomial.constant(value.value.data)
        return
    type = llvm_type(result.type)
    if isinstance(element_of(result.type), BFloat16Type):
        value = _bits_of_bf16(value, type)
    elif is_dense(value) and type != result.type:
        value = dense(type, list(value.get_values()))
    lowering.values[result] = lowering.constant(value, type)


def _bits_of_bf16(value: Attribute | None, type: Attribute) -> Attribute:
    """The i16 constant with the bits of a bf16 one."""
    if is_dense(value):
        return dense(type, i16.unpack(value.data.data, len(value.data.data) // 2))
    assert is_float_attr(value)
    (bits,) = i16.unpack(bf16.pack((value.value.data,)), 1)
    return IntegerAttr(bits, i16)


def lower_integer(lowering: Lowering, op: Operation) -> None:
    """Two integers of any width, or two indices."""
    result = op.results[0]
    if isinstance(result.type, IndexType):
        lower_index_op(lowering, op)
        return
    lowering.values[result] = integer_binary(lowering, op, *map(lowering.value, op.operands))


def integer_binary(lowering: Lowering, op: Operation, a: SSAValue, b: SSAValue) -> SSAValue:
    instruction = _INTEGER.get(op.name)
    if instruction is not None:
        return lowering.emit(instruction, (a, b), a.type)
    if op.name in INTEGER_INTRINSICS:
        return call_intrinsic(lowering, INTEGER_INTRINSICS[op.name], (a, b), a.type)
    if op.name == "arith.ceildivui":
        return ceil_divide_unsigned(lowering, a, b)
    return floor_divide(lowering, a, b, up=op.name == "arith.ceildivsi")


def lower_float(lowering: Lowering, op: Operation) -> None:
    a, b = map(lowering.value, op.operands)
    properties = {"fastmathFlags": fast_math(op)}
    lowering.values[op.results[0]] = lowering.emit(_FLOAT[op.name], (a, b), a.type, properties)


def lower_negf(lowering: Lowering, op: Operation) -> None:
    a = lowering.value(op.operands[0])
    lowering.values[op.results[0]] = lowering.emit(llvm.FNegOp, (a,), a.type, {"fastmathFlags": fast_math(op)})


def lower_extreme(lowering: Lowering, op: Operation) -> None:
    a, b = map(lowering.value, op.operands)
    lowering.values[op.results[0]] = float_extreme(lowering, op.name, a, b)


def float_extreme(lowering: Lowering, name: str, a: SSAValue, b: SSAValue) -> SSAValue:
    """maximumf, minimumf, maxnumf or minnumf.

    Against a constant it is one comparison and selection, which is one machine instruction on x86; whether the result is
    -0.0 or +0.0 is left open.
    """
    intrinsic, predicate, nan_wins = FLOAT_EXTREMES[name]
    if is_number(a):
        a, b = b, a
    if not is_number(b):
        return call_intrinsic(lowering, intrinsic, (a, b), a.type, _NO_SIGNED_ZEROS)
    first, second = (b, a) if nan_wins else (a, b)
    wins = fcmp(lowering, predicate, first, second)
    return select(lowering, wins, first, second)


_SIGNED_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "eq": lambda d: d == 0,
    "ne": lambda d: d != 0,
    "slt": lambda d: d < 0,
    "sle": lambda d: d <= 0,
    "sgt": lambda d: d > 0,
    "sge": lambda d: d >= 0,
}


def _known_comparison(lowering: Lowering, op: Operation, predicate: str) -> bool | None:
    """The result of comparing two indices that differ by a constant."""
    a, b = (lowering.polys.get(operand) for operand in op.operands)
    if a is None or b is None or predicate not in _SIGNED_COMPARISONS:
        return None
    difference = polynomial.subtract(a, b)
    return None if difference.terms else _SIGNED_COMPARISONS[predicate](difference.constant)


def lower_cmpi(lowering: Lowering, op: Operation) -> None:
    predicate = op.properties["predicate"]
    assert is_integer_attr(predicate)
    name = llvm.ICmpPredicateFlag.from_int(predicate.value.data).value
    known = _known_comparison(lowering, op, name)
    if known is not None:
        lowering.values[op.results[0]] = lowering.constant(IntegerAttr.from_bool(known), i1)
        return
    a, b = map(lowering.value, op.operands)
    lowering.values[op.results[0]] = icmp(lowering, name, a, b)


def lower_cmpf(lowering: Lowering, op: Operation) -> None:
    a, b = map(lowering.value, op.operands)
    properties = {"predicate": op.properties["predicate"], "fastmathFlags": fast_math(op)}
    lowering.values[op.results[0]] = lowering.emit(llvm_ext.FCmpOp, (a, b), bool_like(a.type), properties)


def lower_select(lowering: Lowering, op: Operation) -> None:
    cond, a, b = map(lowering.value, op.operands)
    lowering.bind(op.results[0], select(lowering, cond, a, b))


def lower_cast(lowering: Lowering, op: Operation) -> None:
    value = lowering.value(op.operands[0])
    result = op.results[0]
    lowering.values[result] = lowering.emit(_CASTS[op.name], (value,), result.type)


def lower_bitcast(lowering: Lowering, op: Operation) -> None:
    source, result = op.operands[0], op.results[0]
    if source in lowering.views:
        raise unsupported(op, "no bitcast of memrefs; view bytes with memref.view")
    lowering.bind(result, lowering.emit(llvm.BitcastOp, (lowering.value(source),), llvm_type(result.type)))


HANDLERS: dict[str, Handler] = {
    **INDEX_HANDLERS,
    **dict.fromkeys((*_INTEGER, *INTEGER_INTRINSICS, *_INTEGER_DIVISIONS), lower_integer),
    **dict.fromkeys(_FLOAT, lower_float),
    **dict.fromkeys(FLOAT_EXTREMES, lower_extreme),
    **dict.fromkeys(_CASTS, lower_cast),
    "arith.constant": lower_constant,
    "arith.negf": lower_negf,
    "arith.cmpi": lower_cmpi,
    "arith.cmpf": lower_cmpf,
    "arith.select": lower_select,
    "arith.bitcast": lower_bitcast,
    "arith.extf": half.lower_extf,
    "arith.truncf": half.lower_truncf,
}
