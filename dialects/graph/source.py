"""Ops that make values from nothing or from shapes: constants, symbolic dims, the shape of a tensor, ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import AnyFloat, ArrayAttr, BoolAttr, DenseIntOrFPElementsAttr, StringAttr
from xdsl.ir import Attribute
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParsePropInAttrDict,
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

from .attrs import DimsAttr, WeightAttr
from .base import FALSE, GraphOp, Operand, require, si64
from .dims import DimExpr, DimLike
from .dtypes import DenseValue
from .types import AnyTensor, dims_of, element_of, numel, rank_of, tensor, tensor_type


@irdl_op_definition
class ConstantOp(GraphOp):
    """A constant tensor: a weight of the store, or a dense value below about 1 KB.

        graph.constant #graph.weight<"conv1.weight"> : tensor<64x3x7x7xf32>
        graph.constant dense<1.0> : tensor<f32>

    A dense constant whose result is stored in another memory order (or has symbolic dims) says its type once more.
    """

    name = "graph.constant"
    value = prop_def(AnyAttr())
    result = result_def()
    traits = traits_def(Pure())

    def __init__(self, value: Attribute, result_type: Attribute | None = None):
        """`result_type` may be left out for a dense value."""
        self.init_inferred([], {"value": value}, None if result_type is None else [result_type])

    @property
    def weight(self) -> str | None:
        """The key in the weight store; None for a dense constant."""
        return self.value.key.data if isinstance(self.value, WeightAttr) else None

    @property
    def dense(self) -> DenseValue | None:
        """The inline value; None for a weight."""
        value: Attribute = self.value
        return cast(DenseValue, value) if isinstance(value, DenseIntOrFPElementsAttr) else None

    def infer(self) -> Sequence[AnyTensor]:
        if self.dense is not None:
            return [tensor_type(self.dense.get_type())]
        require(isinstance(self.value, WeightAttr), f"value is a weight or a dense tensor, got {self.value}")
        return [tensor_type(self.result)]

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        value = parser.parse_attribute()
        dense = isinstance(value, DenseIntOrFPElementsAttr)
        attributes = parser.parse_optional_attr_dict()
        result_type: Attribute | None = None
        if not dense or parser.parse_optional_punctuation(":"):
            if not dense:
                parser.parse_punctuation(":")
            result_type = parser.parse_type()
        op = ConstantOp(value, result_type)
        op.attributes = attributes
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_string(dense_text(self.dense) if self.dense is not None else str(self.value))
        if self.attributes:
            printer.print_op_attributes(self.attributes)
        if self.dense is None or self.dense.get_type() != self.result.type:
            printer.print_string(" : ")
            printer.print_attribute(self.result.type)


def dense_text(value: DenseValue) -> str:
    """The attribute in a form that parses back to the same bits.

    xDSL prints some floats (infinities, NaN, large whole numbers) as hexadecimal bit patterns that it reads back as integers,
    and zeros of both signs as one zero; such an attribute is written as one string of all its bytes.
    """
    text = str(value)
    if isinstance(value.get_element_type(), AnyFloat) and ("0x" in text or _mixes_zeros(value)):
        return f'dense<"0x{value.data.data.hex().upper()}"> : {value.get_type()}'
    return text


def _mixes_zeros(value: DenseValue) -> bool:
    """Whether all elements are zeros, but not all of one sign."""
    raw = value.data.data
    width = len(raw) // max(len(value), 1)
    return value.is_splat() and raw != raw[:width] * len(value)


@irdl_op_definition
class DimsOp(GraphOp):
    """Symbolic dims as a shape tensor of si64, or one of them as a scalar."""

    name = "graph.dims"
    value = prop_def(DimsAttr)
    scalar = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: Sequence[DimLike], scalar: bool = False):
        dims = DimsAttr(tuple(DimExpr.of(d) for d in value))
        self.init_inferred([], {"value": dims, "scalar": scalar})

    def infer(self) -> Sequence[AnyTensor]:
        if not self.scalar.value.data:
            return [tensor(si64, [len(self.value.data)])]
        require(len(self.value.data) == 1, f"a scalar is one dim, got {len(self.value.data)}")
        return [tensor(si64, [])]


@irdl_op_definition
class ShapeOp(GraphOp):
    """The shape of x as a tensor of si64 (ONNX Shape)."""

    name = "graph.shape"
    x = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand):
        self.init_inferred([x])

    def infer(self) -> Sequence[AnyTensor]:
        return [tensor(si64, [rank_of(self.x)])]


@irdl_op_definition
class BindOp(IRDLOperation):
    """Names the elements of a tensor: sizes that depend on data get symbols, which stand in dims from here on.

        graph.bind %count to ["s0"] : tensor<1xsi64>

    `x` is a scalar or vector of si64. An element below 0 ends the run with an error. The op has no result and an effect, so
    that nothing moves it before `x` or behind what uses the symbols.
    """

    name = "graph.bind"
    x = operand_def()
    symbols = prop_def(ArrayAttr[StringAttr])
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `to` $symbols attr-dict `:` type($x)"

    def __init__(self, x: Operand, symbols: Sequence[str]):
        super().__init__(operands=[x], properties={"symbols": ArrayAttr([StringAttr(s) for s in symbols])})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.data for s in self.symbols)

    def verify_(self) -> None:
        if element_of(self.x) != si64 or rank_of(self.x) > 1 or numel(self.x) != DimExpr.of(len(self.names)):
            raise VerifyException(f"{len(self.names)} symbols for the elements of {self.x.type}; expected as many si64")


@irdl_op_definition
class RangeOp(GraphOp):
    """start, start + delta, ... below (above, for a negative delta) limit; the result type says how many."""

    name = "graph.range"
    start = operand_def()
    limit = operand_def()
    delta = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)"

    def __init__(self, start: Operand, limit: Operand, delta: Operand, result_type: Attribute):
        self.init_inferred([start, limit, delta], {}, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        elements = {element_of(o) for o in self.operands}
        require(len(elements) == 1, "range operands differ in element type")
        require(all(rank_of(o) == 0 for o in self.operands), "range operands are scalars")
        require(rank_of(self.result) == 1, "a range has rank 1")
        return [tensor(elements.pop(), dims_of(self.result))]


SOURCE_OPS = [ConstantOp, DimsOp, ShapeOp, BindOp, RangeOp]
