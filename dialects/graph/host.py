"""What runs on the host, through onnx's reference implementation: ops on strings, sequences, optionals and encoded images.

%s = graph.host "StringConcat" (%a, %b) {node = "{\\22opType\\22:..}", opsets = ["ai.onnx:20"]}
    : (!graph.object<"tensor(string)">, !graph.object<"tensor(string)">) -> !graph.object<"tensor(string)">
%t = graph.unbox %n to ["s0"] : !graph.object<"tensor(int64)"> -> tensor<?xsi64, #graph.tensor<["s0"]>>
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .base import Operand
from .dims import DimExpr
from .types import dims_of


@irdl_attr_definition
class ObjectType(ParametrizedAttribute, TypeAttribute):
    """A Python object: an ONNX value that is no numeric tensor, or whose rank is not known. `kind` is its ONNX type as text."""

    name = "graph.object"
    kind: StringAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return [StringAttr(parser.parse_str_literal())]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.kind.data)

    @staticmethod
    def of(kind: str) -> ObjectType:
        return ObjectType.new([StringAttr(kind)])


def is_object(value: SSAValue | Attribute) -> bool:
    """Whether a value is a Python object rather than a tensor."""
    return isinstance(value.type if isinstance(value, SSAValue) else value, ObjectType)


@irdl_op_definition
class HostOp(IRDLOperation):
    """An ONNX node on the host. `node` is the NodeProto as JSON, `opsets` has a `domain:version` for every domain."""

    name = "graph.host"
    op_type = prop_def(StringAttr)
    node = prop_def(StringAttr)
    opsets = prop_def(ArrayAttr[StringAttr])
    inputs = var_operand_def()
    outs = var_result_def(ObjectType)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$op_type `(` $inputs `)` attr-dict `:` functional-type(operands, results)"

    def __init__(self, op_type: str, node: str, opsets: Sequence[str], inputs: Sequence[Operand], results: Sequence[Attribute]):
        properties = {
            "op_type": StringAttr(op_type),
            "node": StringAttr(node),
            "opsets": ArrayAttr([StringAttr(o) for o in opsets]),
        }
        super().__init__(operands=[inputs], result_types=[results], properties=properties)

    def verify_(self) -> None:
        if not all(entry.data.rpartition(":")[2].isdigit() for entry in self.opsets):
            raise VerifyException("opsets are written 'domain:version'")


@irdl_op_definition
class UnboxOp(IRDLOperation):
    """The tensor in an object; symbols take its dims."""

    name = "graph.unbox"
    x = operand_def(ObjectType)
    symbols = prop_def(ArrayAttr[StringAttr])
    result = result_def()
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `to` $symbols attr-dict `:` type($x) `->` type($result)"

    def __init__(self, x: Operand, symbols: Sequence[str], result_type: Attribute):
        bound = ArrayAttr([StringAttr(s) for s in symbols])
        super().__init__(operands=[x], result_types=[result_type], properties={"symbols": bound})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.data for s in self.symbols)

    def verify_(self) -> None:
        if dims_of(self.result) != tuple(DimExpr.symbol(name) for name in self.names):
            raise VerifyException(f"the dims of {self.result.type} are not the symbols {list(self.names)}")


HOST_OPS = [HostOp, UnboxOp]
