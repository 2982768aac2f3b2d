"""infer-shapes: result types of all graph ops from their operands, forward through the module.

A declared dim gives way to an inferred one that says more (a number before an expression, an expression before an unknown
dim). Memory orders stay as declared. The types of functions follow what they return, those of `graph.if` what both branches
yield, those of loop results what the body yields where the carried shape is invariant.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ..dialects.graph.base import GraphOp, InferenceError
from ..dialects.graph.control import IfOp, LoopOp, YieldOp
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.host import is_object
from ..dialects.graph.location import location_of
from ..dialects.graph.types import AnyTensor, dims_of, element_of, is_anonymous, order_of, retype, tensor
from ..errors import ShapeError


@dataclass(frozen=True)
class InferShapesPass(ModulePass):
    """Refine the result types of graph ops; ShapeError where operands do not fit."""

    name = "infer-shapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                infer_function(function)


def infer_function(function: FuncOp) -> None:
    """Infer the body of a function, then its result types."""
    for block in function.body.blocks:
        infer_block(block)
        last = block.last_op
        if isinstance(last, ReturnOp):
            inputs = function.function_type.inputs
            function.function_type = FunctionType.from_lists(inputs.data, [v.type for v in last.operands])


def infer_block(block: Block) -> None:
    for op in block.ops:
        match op:
            case GraphOp():
                infer_op(op)
            case IfOp():
                _infer_if(op)
            case LoopOp():
                _infer_loop(op)
            case _:
                _infer_regions(op)


def infer_op(op: GraphOp) -> None:
    """Refine the declared result types of one op; ShapeError when its operands do not fit."""
    try:
        inferred = op.infer()
    except (InferenceError, ValueError, TypeError) as error:
        raise ShapeError(str(error), node=", ".join(location_of(op)), op=op.name, stage="infer-shapes") from error
    for result, found in zip(op.results, inferred, strict=True):
        refine(result, found)


def refine(value: SSAValue, found: AnyTensor) -> None:
    """Give a value the dims of `found` where they say more than its own."""
    declared = dims_of(value)
    dims = [f if _says_more(f, d) else d for f, d in zip(found_dims(found, len(declared)), declared, strict=True)]
    if tuple(dims) != declared:
        retype(value, tensor(element_of(value), dims, order_of(value)))


def found_dims(found: AnyTensor, rank: int) -> tuple[DimExpr, ...]:
    """The dims of an inferred type; ShapeError when the declared rank is another."""
    dims = dims_of(found)
    if len(dims) != rank:
        raise ShapeError(f"inferred rank {len(dims)}, declared {rank}", stage="infer-shapes")
    return dims


def _says_more(found: DimExpr, declared: DimExpr) -> bool:
    if found.is_static or declared.is_static:
        return found.is_static and not declared.is_static
    return not is_anonymous(found) or is_anonymous(declared)


def _infer_regions(op: Operation) -> None:
    for region in op.regions:
        for block in region.blocks:
            infer_block(block)


def _yields(region: Region) -> list[SSAValue]:
    last = region.block.last_op
    return list(last.values) if isinstance(last, YieldOp) else []


def _infer_if(op: IfOp) -> None:
    _infer_regions(op)
    for result, first, second in zip(op.outs, _yields(op.then_region), _yields(op.else_region), strict=True):
        if is_object(result):
            continue
        common = [a if a == b else d for a, b, d in zip(dims_of(first), dims_of(second), dims_of(result), strict=True)]
        refine(result, tensor(element_of(result), common))


def _infer_loop(op: LoopOp) -> None:
    """Arguments of the body are as their initial values where the body gives back that shape."""
    carried = len(op.inits)
    arguments = op.body.block.args[2:]
    _infer_regions(op)
    values = _yields(op.body)[1:]
    for init, argument, value, result in zip(op.inits, arguments, values, op.outs, strict=False):
        if not is_object(init) and dims_of(argument) == dims_of(value) == dims_of(init):
            refine(result, tensor(element_of(result), dims_of(value)))
    for value, result in zip(values[carried:], op.outs[carried:], strict=True):
        refine(result, tensor(element_of(result), (dims_of(result)[0], *dims_of(value))))
