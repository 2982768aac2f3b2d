"""Ops of the memory stage for what only a run can tell: sizes that depend on data, memory of such sizes, branches and loops.

kernel.bind %n symbols ["s0"] {width = 8 : i64}
%y = kernel.reserve {slot = 2 : i64, dims = #graph.dims<["s0", 4]>, itemsize = 4 : i64}
%z = kernel.if <"s1"> {
  kernel.yield %a
} else {
  kernel.yield %b
} : !kernel.buffer
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException

from .graph.attrs import DimAttr, DimsAttr
from .graph.dims import DimExpr, DimLike
from .program_types import BUFFER

WIDTHS = (1, 8)
"""Bytes of an element that can be bound: a boolean, or an integer of 64 bits."""


def strings(values: Sequence[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(v) for v in values])


def texts(attribute: ArrayAttr[StringAttr]) -> tuple[str, ...]:
    return tuple(s.data for s in attribute)


def dims_attr(values: Sequence[DimLike]) -> DimsAttr:
    return DimsAttr(tuple(DimExpr.of(v) for v in values))


@irdl_op_definition
class BindOp(IRDLOperation):
    """Give the first elements of a buffer to symbols; one below 0 ends the run.

    `width`: bytes of an element, 8, or 1 for a boolean.
    """

    name = "kernel.bind"
    buffer = operand_def(BUFFER)
    symbols = prop_def(ArrayAttr[StringAttr])
    width = prop_def(IntegerAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$buffer `symbols` $symbols attr-dict"

    def __init__(self, buffer: SSAValue, symbols: Sequence[str], width: int = 8):
        super().__init__(operands=[buffer], properties={"symbols": strings(symbols), "width": IntegerAttr(width, i64)})

    def verify_(self) -> None:
        if self.width.value.data not in WIDTHS:
            raise VerifyException(f"an element of {self.width.value.data} bytes can't be bound, only of 1 or 8")


@irdl_op_definition
class ReserveOp(IRDLOperation):
    """Memory whose size is known only here: product(`dims`) * `itemsize` bytes in a slot that grows as needed.

    With `append`, the symbol that counts a loop's iterations, it is the next piece of what all iterations write one behind the
    other. With `output`, it is what the caller gets as that output.
    """

    name = "kernel.reserve"
    result = result_def(BUFFER)
    slot = prop_def(IntegerAttr)
    dims = prop_def(DimsAttr)
    itemsize = prop_def(IntegerAttr)
    append = opt_prop_def(StringAttr)
    output = opt_prop_def(IntegerAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "attr-dict"

    def __init__(self, slot: int, dims: Sequence[DimExpr], itemsize: int, append: str | None = None, output: int | None = None):
        super().__init__(
            result_types=[BUFFER],
            properties={
                "slot": IntegerAttr(slot, i64),
                "dims": DimsAttr(tuple(dims)),
                "itemsize": IntegerAttr(itemsize, i64),
                "append": None if append is None else StringAttr(append),
                "output": None if output is None else IntegerAttr(output, i64),
            },
        )

    def verify_(self) -> None:
        if self.slot.value.data < 0 or self.itemsize.value.data < 1:
            raise VerifyException(f"slot {self.slot.value.data} with elements of {self.itemsize.value.data} bytes")


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The buffers that a region gives back and, from a loop's body, whether another iteration follows."""

    name = "kernel.yield"
    values = var_operand_def(BUFFER)
    condition = opt_prop_def(DimAttr)
    traits = traits_def(IsTerminator())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "($values^)? (`while` $condition^)? attr-dict"

    def __init__(self, values: Sequence[SSAValue], condition: DimExpr | None = None):
        goes_on = None if condition is None else DimAttr(condition)
        super().__init__(operands=[values], properties={"condition": goes_on})


def check_yield(owner: IRDLOperation, block: Block, values: int) -> None:
    """VerifyException unless the block ends in a yield of so many buffers."""
    last = block.last_op
    if not isinstance(last, YieldOp) or len(last.values) != values:
        raise VerifyException(f"a region of {owner.name} ends in a kernel.yield of {values} buffers")


@irdl_op_definition
class IfOp(IRDLOperation):
    """One of two regions, by whether an expression is 0. A result is the buffer that the region yields, not a copy."""

    name = "kernel.if"
    condition = prop_def(DimAttr)
    outs = var_result_def(BUFFER)
    then_region = region_def("single_block")
    else_region = region_def("single_block")
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$condition $then_region `else` $else_region attr-dict (`:` type($outs)^)?"

    def __init__(self, condition: DimExpr, then_region: Region, else_region: Region, results: int):
        super().__init__(
            result_types=[[BUFFER] * results],
            properties={"condition": DimAttr(condition)},
            regions=[then_region, else_region],
        )

    def verify_(self) -> None:
        for region in (self.then_region, self.else_region):
            check_yield(self, region.block, len(self.outs))


@irdl_op_definition
class LoopOp(IRDLOperation):
    """Iterations while `going` is not 0 and, with `trip`, `iteration` is below it.

    Two symbols say where the loop is: `iteration` counts from 0, `going` starts as `start` and becomes what the body yields with
    `while`. Body arguments: buffers of the two (an i64, a boolean), then the carried buffers. The body yields the carried
    buffers, then the pieces that were reserved with `append`. Results: last carried buffers, then what the pieces make together.

    `slots` has for every carried buffer the slot that keeps its memory. A yielded buffer has a slot of its own; the two change
    places with every iteration, so that nothing is copied.
    """

    name = "kernel.loop"
    iteration = prop_def(StringAttr)
    going = prop_def(StringAttr)
    trip = opt_prop_def(DimAttr)
    start = prop_def(DimAttr)
    slots = prop_def(DimsAttr)
    inits = var_operand_def(BUFFER)
    outs = var_result_def(BUFFER)
    body = region_def("single_block")
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$iteration (`below` $trip^)? `while` $going `from` $start `init` `(` ($inits^)? `)` `slots` $slots $body attr-dict "
        "(`:` type($outs)^)?"
    )

    def __init__(
        self,
        symbols: tuple[str, str],
        trip: DimExpr | None,
        start: DimExpr,
        slots: Sequence[int],
        inits: Sequence[SSAValue],
        body: Region,
        results: int,
    ):
        """`symbols`: iteration and going."""
        super().__init__(
            operands=[inits],
            result_types=[[BUFFER] * results],
            properties={
                "iteration": StringAttr(symbols[0]),
                "going": StringAttr(symbols[1]),
                "trip": None if trip is None else DimAttr(trip),
                "start": DimAttr(start),
                "slots": dims_attr(slots),
            },
            regions=[body],
        )

    def verify_(self) -> None:
        if len(self.body.block.args) != len(self.inits) + 2:
            raise VerifyException(f"a loop body takes {len(self.inits) + 2} buffers, got {len(self.body.block.args)}")
        if len(self.slots.data) != len(self.inits) or len(self.outs) < len(self.inits):
            found = f"{len(self.slots.data)} slots and {len(self.outs)} results"
            raise VerifyException(f"{found} for {len(self.inits)} carried buffers")
        check_yield(self, self.body.block, len(self.outs))


CONTROL_PROGRAM_OPS = [BindOp, ReserveOp, YieldOp, IfOp, LoopOp]
