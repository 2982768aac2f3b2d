"""Control flow with regions: if, loop, scan. Regions read outer values directly and end in graph.yield."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from .base import Ints, Operand, i1, ints, si64, to_attribute
from .host import is_object
from .types import dims_of, element_of, rank_of


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The values that a region gives back."""

    name = "graph.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[Operand]):
        super().__init__(operands=[values])


def yielded(region: Region, owner: Operation) -> Sequence[SSAValue]:
    """The values that the region yields; VerifyException when it does not end in graph.yield."""
    last = region.block.last_op
    if not isinstance(last, YieldOp):
        raise VerifyException(f"a region of {owner.name} ends in graph.yield")
    return last.values


def check_values(what: str, found: Sequence[SSAValue], declared: Sequence[SSAValue | Attribute], extra_rank: int = 0) -> None:
    """Element types and ranks of values against declared ones, which have `extra_rank` more dims."""
    if len(found) != len(declared):
        raise VerifyException(f"{what}: {len(found)} values, expected {len(declared)}")
    for i, (f, d) in enumerate(zip(found, declared, strict=True)):
        if is_object(f) and is_object(d):
            continue
        if is_object(f) or is_object(d) or element_of(f) != element_of(d) or rank_of(f) + extra_rank != rank_of(d):
            raise VerifyException(f"{what}: value {i} is {f.type}, which does not fit {d.type if isinstance(d, SSAValue) else d}")


def check_scalar(what: str, value: SSAValue, element: Attribute) -> None:
    """VerifyException unless the value is one element of this type (rank 0, or a single-element tensor as ONNX allows)."""
    single = all(d.is_static and d.value == 1 for d in dims_of(value))
    if element_of(value) != element or not single:
        raise VerifyException(f"{what} is a scalar of {element}, got {value.type}")


@irdl_op_definition
class IfOp(IRDLOperation):
    """The values of one region, chosen by a boolean scalar."""

    name = "graph.if"
    condition = operand_def()
    outs = var_result_def()
    then_region = region_def("single_block")
    else_region = region_def("single_block")
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$condition $then_region `else` $else_region attr-dict `:` functional-type(operands, results)"

    def __init__(self, condition: Operand, then_region: Region, else_region: Region, result_types: Sequence[Attribute]):
        super().__init__(operands=[condition], result_types=[result_types], regions=[then_region, else_region])

    def verify_(self) -> None:
        check_scalar("condition", self.condition, i1)
        for region in (self.then_region, self.else_region):
            if region.block.args:
                raise VerifyException("a branch takes no arguments")
            check_values("branch", yielded(region, self), self.outs)


@irdl_op_definition
class LoopOp(IRDLOperation):
    """ONNX Loop: runs the body while the condition holds, at most `trip_count` times.

    Body arguments: iteration number (si64 scalar), condition (i1 scalar), carried values. It yields the next condition, the next
    carried values and one element of each scan output. Results: last carried values, then scan outputs stacked along a new dim 0.
    """

    name = "graph.loop"
    trip_count = opt_operand_def()
    condition = opt_operand_def()
    inits = var_operand_def()
    outs = var_result_def()
    body = region_def("single_block")
    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "(`trip` $trip_count^ `:` type($trip_count))? (`while` $condition^ `:` type($condition))? "
        "`init` `(` ($inits^ `:` type($inits))? `)` $body attr-dict (`->` type($outs)^)?"
    )

    def __init__(
        self,
        trip_count: Operand | None,
        condition: Operand | None,
        inits: Sequence[Operand],
        body: Region,
        result_types: Sequence[Attribute],
    ):
        optional = [[] if o is None else [o] for o in (trip_count, condition)]
        super().__init__(operands=[*optional, inits], result_types=[result_types], regions=[body])

    def verify_(self) -> None:
        if self.trip_count is not None:
            check_scalar("trip_count", self.trip_count, si64)
        if self.condition is not None:
            check_scalar("condition", self.condition, i1)
        carried, args, values = len(self.inits), self.body.block.args, yielded(self.body, self)
        if len(args) != carried + 2 or len(values) != 1 + len(self.outs):
            raise VerifyException(f"a loop body takes {carried + 2} arguments and yields {1 + len(self.outs)} values")
        check_scalar("iteration number", args[0], si64)
        check_scalar("body condition", args[1], i1)
        check_scalar("yielded condition", values[0], i1)
        check_values("loop inputs", self.inits, args[2:])
        check_values("carried values", values[1 : 1 + carried], self.outs[:carried])
        check_values("scan outputs", values[1 + carried :], self.outs[carried:], 1)


@irdl_op_definition
class ScanOp(IRDLOperation):
    """ONNX Scan: runs the body once per slice of the scan inputs.

    Body arguments: carried values, then one slice of each scan input (along `input_axes`; backwards where `input_directions`
    is 1). It yields the next carried values, then one slice of each scan output, stacked along `output_axes` likewise.
    """

    name = "graph.scan"
    inits = var_operand_def()
    inputs = var_operand_def()
    input_axes = prop_def(Ints)
    input_directions = prop_def(Ints)
    output_axes = prop_def(Ints)
    output_directions = prop_def(Ints)
    outs = var_result_def()
    body = region_def("single_block")
    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "`init` `(` ($inits^ `:` type($inits))? `)` `over` `(` ($inputs^ `:` type($inputs))? `)` "
        "$body attr-dict (`->` type($outs)^)?"
    )

    def __init__(
        self,
        inits: Sequence[Operand],
        inputs: Sequence[Operand],
        body: Region,
        result_types: Sequence[Attribute],
        input_axes: Sequence[int] | None = None,
        input_directions: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
        output_directions: Sequence[int] | None = None,
    ):
        scans = len(result_types) - len(inits)
        props = {
            "input_axes": input_axes if input_axes is not None else [0] * len(inputs),
            "input_directions": input_directions if input_directions is not None else [0] * len(inputs),
            "output_axes": output_axes if output_axes is not None else [0] * scans,
            "output_directions": output_directions if output_directions is not None else [0] * scans,
        }
        properties = {k: to_attribute(v) for k, v in props.items()}
        super().__init__(operands=[inits, inputs], result_types=[result_types], regions=[body], properties=properties)

    def verify_(self) -> None:
        carried, scans = len(self.inits), len(self.outs) - len(self.inits)
        for name, values, length in (
            ("input_axes", ints(self.input_axes), len(self.inputs)),
            ("input_directions", ints(self.input_directions), len(self.inputs)),
            ("output_axes", ints(self.output_axes), scans),
            ("output_directions", ints(self.output_directions), scans),
        ):
            if len(values) != length:
                raise VerifyException(f"{name} has {len(values)} values, expected {length}")
        args, values = self.body.block.args, yielded(self.body, self)
        check_values("carried inputs", self.inits, args[:carried])
        check_values("scan inputs", args[carried:], self.inputs, 1)
        check_values("carried values", values[:carried], self.outs[:carried])
        check_values("scan outputs", values[carried:], self.outs[carried:], 1)


CONTROL_OPS = [YieldOp, IfOp, LoopOp, ScanOp]
