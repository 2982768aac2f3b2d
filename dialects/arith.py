"""xDSL's `arith`, with the vector forms it lacks.

MLIR's comparisons, selects and int/float casts work lane by lane on vectors. In xDSL 0.74 they accept scalars
only: `arith.cmpf` on a vector yields one `i1`, and `arith.select` takes a scalar condition. The classes below are
drop-in subclasses with the same names, constructors and textual form. Use this module wherever a vector
may occur: `from ..dialects import arith`; register `Arith` in place of xDSL's dialect of the same name.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, cast

from xdsl.dialects import arith as scalar
from xdsl.dialects.arith import CMPF_COMPARISON_OPERATIONS, CMPI_COMPARISON_OPERATIONS, boolLike
from xdsl.dialects.arith import AddfOp as AddfOp
from xdsl.dialects.arith import AddiOp as AddiOp
from xdsl.dialects.arith import AddUIExtendedOp as AddUIExtendedOp
from xdsl.dialects.arith import AndIOp as AndIOp
from xdsl.dialects.arith import BitcastOp as BitcastOp
from xdsl.dialects.arith import CeilDivSIOp as CeilDivSIOp
from xdsl.dialects.arith import CeilDivUIOp as CeilDivUIOp
from xdsl.dialects.arith import ConstantOp as ConstantOp
from xdsl.dialects.arith import DivfOp as DivfOp
from xdsl.dialects.arith import DivSIOp as DivSIOp
from xdsl.dialects.arith import DivUIOp as DivUIOp
from xdsl.dialects.arith import ExtFOp as ExtFOp
from xdsl.dialects.arith import FastMathFlagsAttr as FastMathFlagsAttr
from xdsl.dialects.arith import FloorDivSIOp as FloorDivSIOp
from xdsl.dialects.arith import IndexCastOp as IndexCastOp
from xdsl.dialects.arith import IntegerOverflowAttr as IntegerOverflowAttr
from xdsl.dialects.arith import MaximumfOp as MaximumfOp
from xdsl.dialects.arith import MaxnumfOp as MaxnumfOp
from xdsl.dialects.arith import MaxSIOp as MaxSIOp
from xdsl.dialects.arith import MaxUIOp as MaxUIOp
from xdsl.dialects.arith import MinimumfOp as MinimumfOp
from xdsl.dialects.arith import MinnumfOp as MinnumfOp
from xdsl.dialects.arith import MinSIOp as MinSIOp
from xdsl.dialects.arith import MinUIOp as MinUIOp
from xdsl.dialects.arith import MulfOp as MulfOp
from xdsl.dialects.arith import MuliOp as MuliOp
from xdsl.dialects.arith import MulSIExtendedOp as MulSIExtendedOp
from xdsl.dialects.arith import MulUIExtendedOp as MulUIExtendedOp
from xdsl.dialects.arith import NegfOp as NegfOp
from xdsl.dialects.arith import OrIOp as OrIOp
from xdsl.dialects.arith import RemSIOp as RemSIOp
from xdsl.dialects.arith import RemUIOp as RemUIOp
from xdsl.dialects.arith import ShLIOp as ShLIOp
from xdsl.dialects.arith import ShRSIOp as ShRSIOp
from xdsl.dialects.arith import ShRUIOp as ShRUIOp
from xdsl.dialects.arith import SubfOp as SubfOp
from xdsl.dialects.arith import SubiOp as SubiOp
from xdsl.dialects.arith import TruncFOp as TruncFOp
from xdsl.dialects.arith import XOrIOp as XOrIOp
from xdsl.dialects.builtin import (
    AnyFloat,
    IndexType,
    IntegerAttr,
    IntegerType,
    TensorType,
    VectorType,
    container_of,
    i1,
)
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AnyOf,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

_integer_like = container_of(AnyOf.get(IntegerType, IndexType))
_fixed_integer_like = container_of(IntegerType)
_float_like = container_of(AnyFloat)
_no_flags = FastMathFlagsAttr("none")


def with_element(type_: Attribute, element: Attribute) -> Attribute:
    """The type with the shape of `type_` (scalar, vector or tensor) and the given element type."""
    match type_:
        case VectorType():
            return VectorType(element, type_.shape, type_.scalable_dims)
        case TensorType():
            return TensorType(element, type_.shape, type_.encoding)
        case _:
            return element


def element_of(type_: Attribute) -> Attribute:
    """The element type of a vector or tensor; a scalar is its own element."""
    if not isinstance(type_, VectorType | TensorType):
        return type_
    return cast(Attribute, type_.element_type)  # pyright: ignore[reportUnknownMemberType]


def _check_shape(operand: SSAValue, result: SSAValue) -> None:
    if with_element(operand.type, i1) != with_element(result.type, i1):
        raise VerifyException(f"operand type {operand.type} and result type {result.type} differ in shape")


def _check_width(operand: SSAValue, result: SSAValue, widens: bool) -> None:
    _check_shape(operand, result)
    source, target = (cast(IntegerType, element_of(value.type)) for value in (operand, result))
    if (target.bitwidth > source.bitwidth) != widens or target == source:
        raise VerifyException(f"{target} must be {'wider' if widens else 'narrower'} than {source}")


def _predicate(arg: int | str, names: list[str]) -> IntegerAttr:
    if isinstance(arg, int):
        return IntegerAttr(arg, 64)
    if arg not in names:
        raise VerifyException(f"Unknown comparison mnemonic: {arg}")
    return IntegerAttr(names.index(arg), 64)


@irdl_op_definition
class CmpiOp(scalar.CmpiOp):
    """`arith.cmpi slt, %a, %b : vector<4xi32>`: an i1, or one i1 per lane."""

    name = "arith.cmpi"
    predicate = prop_def(IntegerAttr)
    lhs = operand_def(_integer_like)
    rhs = operand_def(_integer_like)
    result = result_def(boolLike)

    def __init__(self, operand1: Operation | SSAValue, operand2: Operation | SSAValue, arg: int | str):
        lhs, rhs = SSAValue.get(operand1), SSAValue.get(operand2)
        self._validate_operand_types(lhs, rhs)
        super(scalar.CmpiOp, self).__init__(
            operands=[lhs, rhs],
            result_types=[with_element(lhs.type, i1)],
            properties={"predicate": _predicate(arg, CMPI_COMPARISON_OPERATIONS)},
        )

    def verify_(self) -> None:
        _check_shape(self.lhs, self.result)


@irdl_op_definition
class CmpfOp(scalar.CmpfOp):
    """`arith.cmpf olt, %a, %b : vector<4xf32>`: an i1, or one i1 per lane."""

    name = "arith.cmpf"
    predicate = prop_def(IntegerAttr)
    lhs = operand_def(_float_like)
    rhs = operand_def(_float_like)
    fastmath = prop_def(FastMathFlagsAttr, default_value=_no_flags)
    result = result_def(boolLike)

    def __init__(
        self,
        operand1: Operation | SSAValue,
        operand2: Operation | SSAValue,
        arg: int | str,
        fastmath: FastMathFlagsAttr = _no_flags,
    ):
        lhs, rhs = SSAValue.get(operand1), SSAValue.get(operand2)
        self._validate_operand_types(lhs, rhs)
        super(scalar.CmpfOp, self).__init__(
            operands=[lhs, rhs],
            result_types=[with_element(lhs.type, i1)],
            properties={"predicate": _predicate(arg, CMPF_COMPARISON_OPERATIONS), "fastmath": fastmath},
        )

    def verify_(self) -> None:
        _check_shape(self.lhs, self.result)


@irdl_op_definition
class SelectOp(scalar.SelectOp):
    """`arith.select %c, %a, %b : f32`, or lane by lane: `arith.select %c, %a, %b : vector<4xi1>, vector<4xf32>`."""

    name = "arith.select"
    assembly_format = None
    _T: ClassVar = VarConstraint("_T", AnyAttr())
    cond = operand_def(boolLike)
    lhs = operand_def(_T)
    rhs = operand_def(_T)
    result = result_def(_T)

    def verify_(self) -> None:
        if self.cond.type != i1:
            _check_shape(self.cond, self.result)

    @classmethod
    def parse(cls, parser: Parser) -> SelectOp:
        position = parser.pos
        unresolved = [parser.parse_unresolved_operand()]
        for _ in range(2):
            parser.parse_punctuation(",")
            unresolved.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = [parser.parse_type()]
        if parser.parse_optional_punctuation(",") is not None:
            types.append(parser.parse_type())
        cond = types[0] if len(types) == 2 else i1
        op = cls(*parser.resolve_operands(unresolved, [cond, types[-1], types[-1]], position))
        op.attributes.update(attributes)
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_operand)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        if self.cond.type != i1:
            printer.print_attribute(self.cond.type)
            printer.print_string(", ")
        printer.print_attribute(self.result.type)


class _FloatToInt(IRDLOperation, ABC):
    assembly_format = None  # the scalar op's parser and printer do
    input = operand_def(_float_like)
    result = result_def(_fixed_integer_like)

    def verify_(self) -> None:
        _check_shape(self.input, self.result)


class _IntToFloat(IRDLOperation, ABC):
    assembly_format = None  # the scalar op's parser and printer do
    input = operand_def(_fixed_integer_like)
    result = result_def(_float_like)

    def verify_(self) -> None:
        _check_shape(self.input, self.result)


class _IntToInt(IRDLOperation, ABC):
    assembly_format = None  # the scalar op's parser and printer do
    input = operand_def(_fixed_integer_like)
    result = result_def(_fixed_integer_like)
    WIDENS: ClassVar[bool] = True

    def verify_(self) -> None:
        _check_width(self.input, self.result, self.WIDENS)


@irdl_op_definition
class FPToSIOp(_FloatToInt, scalar.FPToSIOp):
    """`arith.fptosi %x : vector<4xf32> to vector<4xi32>`: truncates; poison outside the range."""

    name = "arith.fptosi"


@irdl_op_definition
class FPToUIOp(_FloatToInt, scalar.FPToUIOp):
    """`arith.fptoui %x : vector<4xf32> to vector<4xi32>`: truncates; poison outside the range."""

    name = "arith.fptoui"


@irdl_op_definition
class SIToFPOp(_IntToFloat, scalar.SIToFPOp):
    """`arith.sitofp %x : vector<4xi32> to vector<4xf32>`: rounds to nearest even."""

    name = "arith.sitofp"


@irdl_op_definition
class UIToFPOp(_IntToFloat, scalar.UIToFPOp):
    """`arith.uitofp %x : vector<4xi32> to vector<4xf32>`: rounds to nearest even."""

    name = "arith.uitofp"


@irdl_op_definition
class TruncIOp(_IntToInt, scalar.TruncIOp):
    """`arith.trunci %x : vector<4xi64> to vector<4xi32>`: keeps the low bits."""

    name = "arith.trunci"
    WIDENS: ClassVar[bool] = False


@irdl_op_definition
class ExtSIOp(_IntToInt, scalar.ExtSIOp):
    """`arith.extsi %x : vector<4xi32> to vector<4xi64>`: repeats the sign bit."""

    name = "arith.extsi"
    traits = traits_def(Pure())


@irdl_op_definition
class ExtUIOp(_IntToInt, scalar.ExtUIOp):
    """`arith.extui %x : vector<4xi1> to vector<4xi8>`: fills with zeros."""

    name = "arith.extui"


_VECTOR_FORMS: dict[str, type[Operation]] = {
    op.name: op
    for op in (
        *(CmpiOp, CmpfOp, SelectOp),
        *(FPToSIOp, FPToUIOp, SIToFPOp, UIToFPOp),
        *(TruncIOp, ExtSIOp, ExtUIOp),
    )
}

Arith = Dialect(
    "arith",
    [_VECTOR_FORMS.get(op.name, op) for op in scalar.Arith.operations],
    list(scalar.Arith.attributes),
    [scalar.ArithConstantMaterializationInterface()],
)
