"""Ops of the memory stage: the host program with explicit buffers. Part of the kernel dialect.

kernel.program "main" symbols ["n"] inputs ["x"] : [tensor<..>] outputs ["y"] : [tensor<..>] {
  %x = kernel.input 0
  %w = kernel.weight #graph.weight<"conv1.weight">
  %t = kernel.alloc {slot = 0 : i64, offset = 0 : i64, bytes = #graph.dim<4096>}
  %y = kernel.output 0
  kernel.invoke @k0(%x, %w, %t) sizes #graph.dims<[1024]> grid #graph.dim<16> scratch #graph.dim<0>
}
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr, SymbolRefAttr, i64
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import HasParent, NoTerminator, Pure, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from .graph.attrs import DimAttr, DimsAttr, WeightAttr
from .program_control import CONTROL_PROGRAM_OPS
from .program_host import HOST_PROGRAM_OPS
from .program_types import BUFFER


@irdl_op_definition
class ProgramOp(IRDLOperation):
    """The host program: buffers and kernel invocations in order of execution; isolated, one block.

    `assumptions` are expressions over the symbols that must not be negative: what import took for granted.
    """

    name = "kernel.program"
    sym_name = prop_def(StringAttr)
    symbols = prop_def(ArrayAttr[StringAttr])
    input_names = prop_def(ArrayAttr[StringAttr])
    input_types = prop_def(ArrayAttr[Attribute])
    output_names = prop_def(ArrayAttr[StringAttr])
    output_types = prop_def(ArrayAttr[Attribute])
    assumptions = opt_prop_def(DimsAttr)
    body = region_def("single_block")
    traits = traits_def(NoTerminator(), SymbolOpInterface())
    assembly_format = (
        "$sym_name `symbols` $symbols `inputs` $input_names `:` $input_types "
        "`outputs` $output_names `:` $output_types (`assuming` $assumptions^)? attr-dict-with-keyword $body"
    )

    def __init__(
        self,
        name: str,
        symbols: Sequence[str],
        inputs: Sequence[tuple[str, Attribute]],
        outputs: Sequence[tuple[str, Attribute]],
        assumptions: DimsAttr | None = None,
    ):
        super().__init__(
            properties={
                "assumptions": assumptions,
                "sym_name": StringAttr(name),
                "symbols": ArrayAttr([StringAttr(s) for s in symbols]),
                "input_names": ArrayAttr([StringAttr(n) for n, _ in inputs]),
                "input_types": ArrayAttr([t for _, t in inputs]),
                "output_names": ArrayAttr([StringAttr(n) for n, _ in outputs]),
                "output_types": ArrayAttr([t for _, t in outputs]),
            },
            regions=[Region(Block())],
        )

    def verify_(self) -> None:
        if len(self.input_names) != len(self.input_types) or len(self.output_names) != len(self.output_types):
            raise VerifyException("names and types of inputs or outputs differ in number")


class _BufferOp(IRDLOperation):
    result = result_def(BUFFER)
    traits = traits_def(Pure(), HasParent(ProgramOp))
    irdl_options = (ParsePropInAttrDict(),)


class _InterfaceBufferOp(_BufferOp, ABC):
    index = prop_def(IntegerAttr)
    assembly_format = "attr-dict"

    def __init__(self, index: int):
        super().__init__(result_types=[BUFFER], properties={"index": IntegerAttr(index, i64)})

    @abstractmethod
    def names(self, program: ProgramOp) -> ArrayAttr[StringAttr]:
        """What `index` counts."""

    def verify_(self) -> None:
        program = self.parent_op()
        if isinstance(program, ProgramOp) and not 0 <= self.index.value.data < len(self.names(program)):
            raise VerifyException(f"index {self.index.value.data} is not one of the program's {len(self.names(program))}")


@irdl_op_definition
class InputOp(_InterfaceBufferOp):
    """The caller's buffer of an input."""

    name = "kernel.input"

    def names(self, program: ProgramOp) -> ArrayAttr[StringAttr]:
        return program.input_names


@irdl_op_definition
class OutputOp(_InterfaceBufferOp):
    """The buffer that becomes an output."""

    name = "kernel.output"

    def names(self, program: ProgramOp) -> ArrayAttr[StringAttr]:
        return program.output_names


@irdl_op_definition
class WeightOp(_BufferOp):
    """A weight of the store, read-only."""

    name = "kernel.weight"
    value = prop_def(WeightAttr)
    assembly_format = "$value attr-dict"

    def __init__(self, value: WeightAttr):
        super().__init__(result_types=[BUFFER], properties={"value": value})


@irdl_op_definition
class AllocOp(_BufferOp):
    """A piece of the arena: `bytes` at `offset` bytes into a slot. A slot is as large as its largest piece needs."""

    name = "kernel.alloc"
    slot = prop_def(IntegerAttr)
    offset = prop_def(IntegerAttr)
    bytes = prop_def(DimAttr)
    assembly_format = "attr-dict"

    def __init__(self, slot: int, offset: int, size: DimAttr):
        properties = {"slot": IntegerAttr(slot, i64), "offset": IntegerAttr(offset, i64), "bytes": size}
        super().__init__(result_types=[BUFFER], properties=properties)

    def verify_(self) -> None:
        slot, offset = self.slot.value.data, self.offset.value.data
        if slot < 0 or offset < 0:
            raise VerifyException(f"slot {slot} and offset {offset} are not both 0 or more")


@irdl_op_definition
class InvokeOp(IRDLOperation):
    """Run a kernel on buffers, inputs first, then outputs, over its whole parallel space `grid`.

    `cost` is about how many cycles that takes in one thread; a kernel without it runs in one.
    """

    name = "kernel.invoke"
    callee = prop_def(SymbolRefAttr)
    sizes = prop_def(DimsAttr)
    grid = prop_def(DimAttr)
    scratch = prop_def(DimAttr)
    cost = opt_prop_def(DimAttr)
    buffers = var_operand_def(BUFFER)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$callee `(` $buffers `)` `sizes` $sizes `grid` $grid `scratch` $scratch (`cost` $cost^)? attr-dict"

    def __init__(
        self,
        callee: str,
        buffers: Sequence[SSAValue],
        sizes: DimsAttr,
        grid: DimAttr,
        scratch: DimAttr,
        cost: DimAttr | None = None,
    ):
        properties = {"callee": SymbolRefAttr(callee), "sizes": sizes, "grid": grid, "scratch": scratch, "cost": cost}
        super().__init__(operands=[buffers], properties=properties)

    def verify_(self) -> None:
        if SymbolTable.lookup_symbol(self, self.callee) is None:
            raise VerifyException(f"kernel '{self.callee.root_reference.data}' is not in this module")


PROGRAM_OPS = [ProgramOp, InputOp, OutputOp, WeightOp, AllocOp, InvokeOp, *CONTROL_PROGRAM_OPS, *HOST_PROGRAM_OPS]
