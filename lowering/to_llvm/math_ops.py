"""`math` ops that are one instruction on every target; `expand-math` turns the others into arithmetic before."""

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr, i1
from xdsl.ir import Operation

from .arith_ops import fast_math
from .common import call_intrinsic, fill
from .context import Handler, Lowering
from .vector_ops import lower_fma

_FLOAT_INTRINSICS = {
    "math.absf": "llvm.fabs",
    "math.sqrt": "llvm.sqrt",
    "math.floor": "llvm.floor",
    "math.ceil": "llvm.ceil",
    "math.trunc": "llvm.trunc",
    "math.roundeven": "llvm.roundeven",
    "math.copysign": "llvm.copysign",
}
# Those with True also take an i1: whether zero (or the smallest integer) gives poison. It does not.
_INTEGER_INTRINSICS = {
    "math.ctpop": ("llvm.ctpop", False),
    "math.ctlz": ("llvm.ctlz", True),
    "math.cttz": ("llvm.cttz", True),
    "math.absi": ("llvm.abs", True),
}


def lower_float_intrinsic(lowering: Lowering, op: Operation) -> None:
    operands = [lowering.value(operand) for operand in op.operands]
    name = _FLOAT_INTRINSICS[op.name]
    lowering.values[op.results[0]] = call_intrinsic(lowering, name, operands, operands[0].type, fast_math(op))


def lower_integer_intrinsic(lowering: Lowering, op: Operation) -> None:
    name, has_flag = _INTEGER_INTRINSICS[op.name]
    operands = [lowering.value(op.operands[0])]
    if has_flag:
        operands.append(lowering.constant(IntegerAttr(0, i1), i1))
    lowering.bind(op.results[0], call_intrinsic(lowering, name, operands, operands[0].type))


def lower_rsqrt(lowering: Lowering, op: Operation) -> None:
    """1 / sqrt(x), both exactly rounded."""
    value = lowering.value(op.operands[0])
    root = call_intrinsic(lowering, "llvm.sqrt", [value], value.type)
    lowering.values[op.results[0]] = lowering.emit(llvm.FDivOp, (fill(lowering, value.type, 1.0), root), value.type)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_FLOAT_INTRINSICS, lower_float_intrinsic),
    **dict.fromkeys(_INTEGER_INTRINSICS, lower_integer_intrinsic),
    "math.rsqrt": lower_rsqrt,
    "math.fma": lower_fma,
}
