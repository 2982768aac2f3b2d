"""Reading kernel functions: which they are, their schedule, sizes and launches."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.utils.hints import isa

from ..dialects.graph.attrs import DimAttr
from ..dialects.graph.dims import DimExpr
from ..dialects.kernel import LaunchOp, ScheduleAttr
from ..errors import CompileError

KIND = "kernel.kind"
SCHEDULE = "kernel.schedule"
ESTIMATES = "kernel.estimates"
SIZES = "kernel.sizes"
GRID = "kernel.grid"
SCRATCH = "kernel.scratch"
COST = "kernel.cost"


def kernels_of(module: ModuleOp) -> list[func.FuncOp]:
    """The kernel functions of a module, in order."""
    return [op for op in module.ops if isinstance(op, func.FuncOp) and KIND in op.attributes]


def launches_of(module: ModuleOp) -> dict[str, list[LaunchOp]]:
    """Launches by kernel name."""
    found: dict[str, list[LaunchOp]] = {}
    for op in module.walk():
        if isinstance(op, LaunchOp):
            found.setdefault(op.callee.root_reference.data, []).append(op)
    return found


def schedule_of(kernel: func.FuncOp) -> ScheduleAttr:
    found = kernel.attributes.get(SCHEDULE)
    if not isinstance(found, ScheduleAttr):
        raise CompileError(f"kernel '{kernel.sym_name.data}' has no schedule; run choose-schedules first")
    return found


def estimates_of(kernel: func.FuncOp) -> dict[str, int]:
    """What the cost models gave each algorithm that could run the kernel, in cycles; empty where there was no choice."""
    found = kernel.attributes.get(ESTIMATES)
    entries = found.data.items() if isinstance(found, DictionaryAttr) else ()
    return {name: value.value.data for name, value in entries if isinstance(value, IntegerAttr)}


def sizes_of(kernel: func.FuncOp) -> tuple[str, ...]:
    """The symbols that the kernel takes as runtime sizes."""
    found = kernel.attributes.get(SIZES)
    return tuple(entry.data for entry in found) if isa(found, ArrayAttr[StringAttr]) else ()


def dim_attribute(kernel: func.FuncOp, name: str) -> DimExpr:
    found = kernel.attributes.get(name)
    if not isinstance(found, DimAttr):
        raise CompileError(f"kernel '{kernel.sym_name.data}' has no '{name}'; run generalize-kernels first")
    return found.data


def body_ops(kernel: func.FuncOp) -> list[Operation]:
    """The ops of a kernel body without the return."""
    return [op for op in kernel.body.block.ops if not isinstance(op, func.ReturnOp)]


def returned(kernel: func.FuncOp) -> Sequence[SSAValue]:
    """What the kernel returns."""
    terminator = kernel.body.block.last_op
    assert isinstance(terminator, func.ReturnOp)
    return terminator.operands
