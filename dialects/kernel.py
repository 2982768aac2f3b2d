"""The kernel dialect: launches of outlined kernels, operand packing, and the attributes that say how a kernel runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, StringAttr, SymbolRefAttr, i64
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import Pure, SymbolTable
from xdsl.utils.exceptions import VerifyException

from ..errors import CompileError
from .graph.attrs import DimsAttr
from .graph.types import element_of
from .program import PROGRAM_OPS
from .program_types import BufferType


@dataclass(frozen=True, init=False)  # or the fields would be none of the subclasses' own, and all attributes equal
class _NamedParameters(ParametrizedAttribute):
    """A name with integer parameters, printed `<"name", {k = 1 : i64}>`."""

    kind: StringAttr
    params: DictionaryAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            kind = StringAttr(parser.parse_str_literal())
            params: Attribute = DictionaryAttr({})
            if parser.parse_optional_punctuation(","):
                params = parser.parse_attribute()
            return [kind, params]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.kind.data)
            if self.params.data:
                printer.print_string(", ")
                printer.print_attribute(self.params)

    def verify(self) -> None:
        for key, value in self.params.data.items():
            if not isinstance(value, IntegerAttr):
                raise VerifyException(f"parameter '{key}' of '{self.kind.data}' is not an integer")

    def __getitem__(self, key: str) -> int:
        """The integer parameter of this name; CompileError when absent."""
        value = self.params.data.get(key)
        if value is None:
            raise CompileError(f"'{self.kind.data}' has no parameter '{key}'", op=self.name)
        assert isinstance(value, IntegerAttr)
        return value.value.data

    def get(self, key: str, default: int) -> int:
        return self[key] if key in self.params.data else default


def _parameters(params: Mapping[str, int]) -> DictionaryAttr:
    return DictionaryAttr({k: IntegerAttr(v, i64) for k, v in params.items()})


@irdl_attr_definition
class ScheduleAttr(_NamedParameters):
    """How a kernel runs: the rule that lowers it and its integer parameters, `#kernel.schedule<"contraction", {mr = 14}>`."""

    name = "kernel.schedule"

    @staticmethod
    def of(kind: str, **params: int) -> ScheduleAttr:
        return ScheduleAttr.new([StringAttr(kind), _parameters(params)])


@irdl_attr_definition
class PackingAttr(_NamedParameters):
    """A physical rearrangement of an operand that a schedule asks for, `#kernel.packing<"gemm_b", {nr = 32}>`."""

    name = "kernel.packing"

    @staticmethod
    def of(kind: str, **params: int) -> PackingAttr:
        return PackingAttr.new([StringAttr(kind), _parameters(params)])


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Run a kernel on tensors. `sizes` gives the values of the kernel's `kernel.sizes` symbols once it is generalised."""

    name = "kernel.launch"
    callee = prop_def(SymbolRefAttr)
    sizes = opt_prop_def(DimsAttr)
    inputs = var_operand_def()
    outputs = var_result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$callee `(` $inputs `)` (`sizes` $sizes^)? attr-dict `:` functional-type(operands, results)"

    def __init__(self, callee: str, inputs: Sequence[SSAValue], result_types: Sequence[Attribute], sizes: DimsAttr | None = None):
        properties: dict[str, Attribute] = {"callee": SymbolRefAttr(callee)}
        if sizes is not None:
            properties["sizes"] = sizes
        super().__init__(operands=[inputs], result_types=[result_types], properties=properties)

    def verify_(self) -> None:
        callee = SymbolTable.lookup_symbol(self, self.callee)
        if callee is None:
            raise VerifyException(f"kernel '{self.callee.root_reference.data}' is not in this module")


class _RepackOp(IRDLOperation):
    source = operand_def()
    result = result_def()
    packing = prop_def(PackingAttr)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$source $packing attr-dict `:` type($source) `->` type($result)"

    def __init__(self, source: SSAValue, packing: PackingAttr, result_type: Attribute):
        super().__init__(operands=[source], result_types=[result_type], properties={"packing": packing})

    def verify_(self) -> None:
        source, result = element_of(self.source), element_of(self.result)
        if source != result:
            raise VerifyException(f"packing changes the element type from {source} to {result}")


@irdl_op_definition
class PackOp(_RepackOp):
    """The packed form of a logical tensor."""

    name = "kernel.pack"


@irdl_op_definition
class UnpackOp(_RepackOp):
    """The logical tensor behind a packed operand; inside a kernel it tells the rule how the operand is stored."""

    name = "kernel.unpack"


Kernel = Dialect("kernel", [LaunchOp, PackOp, UnpackOp, *PROGRAM_OPS], [ScheduleAttr, PackingAttr, BufferType])
