"""`tw_llvm`: the LLVM instructions that xDSL's `llvm` dialect lacks, or knows for scalars only.

Each op is one LLVM instruction or intrinsic of the same meaning; names follow MLIR's LLVM dialect. Everything else that
is missing there is an intrinsic and needs no op of its own: `llvm.call_intrinsic` covers it.
"""

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import AnyFloat, IntegerAttr, IntegerType, StringAttr, VectorType, container_of, i1, i64
from xdsl.dialects.llvm import FastMathAttr, FCmpPredicateFlag, LLVMPointerType, LLVMStructType
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException

from .narrowing import is_vector

_ANY_VECTOR = base(VectorType)
_FLOAT_LIKE = container_of(AnyFloat)
_INTEGER_LIKE = container_of(IntegerType)
_BOOL_LIKE = container_of(i1)


def _vector(value: SSAValue) -> VectorType:
    """The type of `value`, which a constraint has already checked to be a vector."""
    assert is_vector(value.type)
    return value.type


def _shape(type: Attribute) -> tuple[int, ...] | None:
    """The shape of a vector type; None for a scalar."""
    return type.get_shape() if is_vector(type) else None


def _check_same_shape(first: SSAValue, second: SSAValue) -> None:
    if _shape(first.type) != _shape(second.type):
        raise VerifyException(f"{first.type} and {second.type} differ in shape")


@irdl_op_definition
class ExtractElementOp(IRDLOperation):
    """One element of a vector; poison where the position is out of range."""

    name = "tw_llvm.extractelement"
    vector = operand_def(_ANY_VECTOR)
    position = operand_def(IntegerType)
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$vector `[` $position `:` type($position) `]` attr-dict `:` type($vector) `to` type($result)"

    def verify_(self) -> None:
        if self.result.type != _vector(self.vector).element_type:
            raise VerifyException(f"an element of {self.vector.type} is no {self.result.type}")


class _FloatToIntOp(IRDLOperation, ABC):
    arg = operand_def(_FLOAT_LIKE)
    result = result_def(_INTEGER_LIKE)
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($result)"

    def verify_(self) -> None:
        _check_same_shape(self.arg, self.result)


@irdl_op_definition
class FPToSIOp(_FloatToIntOp):
    """Float to signed integer, towards zero; poison where the integer does not hold the value."""

    name = "tw_llvm.fptosi"


@irdl_op_definition
class FPToUIOp(_FloatToIntOp):
    """Float to unsigned integer, towards zero; poison where the integer does not hold the value."""

    name = "tw_llvm.fptoui"


@irdl_op_definition
class UIToFPOp(IRDLOperation):
    """Unsigned integer to float, to nearest even."""

    name = "tw_llvm.uitofp"
    arg = operand_def(_INTEGER_LIKE)
    result = result_def(_FLOAT_LIKE)
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($result)"

    def verify_(self) -> None:
        _check_same_shape(self.arg, self.result)


@irdl_op_definition
class FCmpOp(IRDLOperation):
    """`llvm.fcmp` on scalars or lane by lane on vectors; the predicate counts as MLIR's `arith.cmpf` does."""

    name = "tw_llvm.fcmp"
    _T: ClassVar = VarConstraint("T", _FLOAT_LIKE)
    predicate = prop_def(IntegerAttr)
    lhs = operand_def(_T)
    rhs = operand_def(_T)
    result = result_def(_BOOL_LIKE)
    fastmathFlags = prop_def(FastMathAttr, default_value=FastMathAttr(None))  # the name that every llvm op uses
    traits = traits_def(Pure())

    def verify_(self) -> None:
        _check_same_shape(self.lhs, self.result)

    def print(self, printer: Printer) -> None:
        printer.print_string(f' "{FCmpPredicateFlag.from_int(self.predicate.value.data)}" ')
        printer.print_list(self.operands, printer.print_operand)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type([self.lhs.type], [self.result.type])

    @classmethod
    def parse(cls, parser: Parser) -> "FCmpOp":
        predicate = FCmpPredicateFlag(parser.parse_str_literal()).to_int()
        operands = [parser.parse_unresolved_operand()]
        parser.parse_punctuation(",")
        operands.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_function_type()
        return cls.create(
            operands=parser.resolve_operands(operands, [*types.inputs, *types.inputs], parser.pos),
            result_types=types.outputs.data,
            properties={"predicate": IntegerAttr(predicate, i64)},
            attributes=attributes,
        )


@irdl_op_definition
class SelectOp(IRDLOperation):
    """`llvm.select` with one condition for each lane."""

    name = "tw_llvm.select"
    _T: ClassVar = VarConstraint("T", _ANY_VECTOR)
    cond = operand_def(_BOOL_LIKE)
    lhs = operand_def(_T)
    rhs = operand_def(_T)
    result = result_def(_T)
    traits = traits_def(Pure())
    assembly_format = "$cond `,` $lhs `,` $rhs attr-dict `:` type($cond) `,` type($result)"

    def verify_(self) -> None:
        _check_same_shape(self.cond, self.result)


@irdl_op_definition
class MaskedLoadOp(IRDLOperation):
    """`llvm.masked.load`: lanes whose mask bit is off are not read and take `pass_thru`."""

    name = "tw_llvm.masked_load"
    _T: ClassVar = VarConstraint("T", _ANY_VECTOR)
    ptr = operand_def(LLVMPointerType)
    mask = operand_def(VectorType.constr(i1))
    pass_thru = operand_def(_T)
    result = result_def(_T)
    alignment = prop_def(IntegerAttr)
    traits = traits_def(MemoryReadEffect())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$ptr `,` $mask `,` $pass_thru attr-dict `:` type($ptr) `,` type($mask) `,` type($result)"

    def verify_(self) -> None:
        _check_same_shape(self.mask, self.result)


@irdl_op_definition
class MaskedStoreOp(IRDLOperation):
    """`llvm.masked.store` of any element type: lanes whose mask bit is off are not touched."""

    name = "tw_llvm.masked_store"
    value = operand_def(_ANY_VECTOR)
    ptr = operand_def(LLVMPointerType)
    mask = operand_def(VectorType.constr(i1))
    alignment = prop_def(IntegerAttr)
    traits = traits_def(MemoryWriteEffect())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$value `,` $ptr `,` $mask attr-dict `:` type($value) `,` type($ptr) `,` type($mask)"

    def verify_(self) -> None:
        _check_same_shape(self.mask, self.value)


ORDERINGS = ("monotonic", "acquire", "release", "acq_rel", "seq_cst")
"""LLVM's atomic orderings, weakest first."""

ATOMIC_KINDS = ("xchg", "add", "sub", "and", "or", "xor", "max", "min", "umax", "umin")
"""What `tw_llvm.atomicrmw` can do to an integer in memory."""


def _check_word(what: StringAttr, known: tuple[str, ...]) -> None:
    if what.data not in known:
        raise VerifyException(f"'{what.data}' is none of {', '.join(known)}")


@irdl_op_definition
class AtomicRMWOp(IRDLOperation):
    """Atomic read-modify-write of a naturally aligned integer; gives the value before."""

    name = "tw_llvm.atomicrmw"
    _T: ClassVar = VarConstraint("T", base(IntegerType))
    kind = prop_def(StringAttr)
    ordering = prop_def(StringAttr)
    ptr = operand_def(LLVMPointerType)
    value = operand_def(_T)
    result = result_def(_T)
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$kind $ordering $ptr `,` $value attr-dict `:` type($ptr) `,` type($value)"

    def verify_(self) -> None:
        _check_word(self.kind, ATOMIC_KINDS)
        _check_word(self.ordering, ORDERINGS)


@irdl_op_definition
class CmpXchgOp(IRDLOperation):
    """Atomic compare and exchange (strong, sequentially consistent).

    Where memory holds `expected` it takes `desired`. Gives what memory held before and whether it was exchanged.
    """

    name = "tw_llvm.cmpxchg"
    _T: ClassVar = VarConstraint("T", base(IntegerType))
    ptr = operand_def(LLVMPointerType)
    expected = operand_def(_T)
    desired = operand_def(_T)
    result = result_def(LLVMStructType)
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ptr `,` $expected `,` $desired attr-dict `:` type($ptr) `,` type($expected) `to` type($result)"

    def verify_(self) -> None:
        if self.result.type != LLVMStructType.from_type_list([self.expected.type, i1]):
            raise VerifyException(f"the result is a struct of {self.expected.type} and i1, not {self.result.type}")


@irdl_op_definition
class FenceOp(IRDLOperation):
    """A memory fence of the given ordering."""

    name = "tw_llvm.fence"
    ordering = prop_def(StringAttr)
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = "$ordering attr-dict"

    def verify_(self) -> None:
        _check_word(self.ordering, ORDERINGS)


OPERATIONS: tuple[type[Operation], ...] = (
    *(ExtractElementOp, FCmpOp, SelectOp),
    *(FPToSIOp, FPToUIOp, UIToFPOp),
    *(MaskedLoadOp, MaskedStoreOp),
    *(AtomicRMWOp, CmpXchgOp, FenceOp),
)

TwLLVM = Dialect("tw_llvm", list(OPERATIONS), [])
