"""The lines rule: convolutions whose windows overlap, over padded lines of the image instead of gathered rows."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import PackingAttr, ScheduleAttr
from ...errors import CompileError
from ..kernel_attrs import body_ops
from ..strided import ONE, ZERO
from .contraction_analysis import analyse_axes
from .contraction_pack import unpack_argument
from .contraction_problem import Problem
from .contraction_schedule import can_pack
from .lines_cost import schedule_of
from .lines_frame import Frame, Geometry, Plan, geometry
from .lines_loops import emit_loops
from .opening import opened


class LinesRule:
    """2-D convolutions of f32 without groups, of images in either memory order, with a pointwise epilogue."""

    name = "lines"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        """Nothing of its own: what it can run is a contraction too."""
        return False

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        found = _analyse(kernel)
        return None if found is None else schedule_of(found[0], target)

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        found = _analyse(kernel)
        if found is None or found[0].rhs.nr:
            return
        order = {"channels_first": 1} if found[0].lhs.channels_first else {}
        unpack_argument(kernel, found[0].rhs.value, PackingAttr.of("conv_oihw", nr=schedule["nr"], group=1, **order))

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return False

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).grid

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(_plan(kernel, schedule).scratch_bytes)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule)
        builder, buffers = opened(kernel, plan.problem.out.value)
        emit_loops(Frame(plan, builder, buffers))
        return builder.finish()


def _analyse(kernel: func.FuncOp) -> tuple[Problem, Geometry] | None:
    problem = analyse_axes(body_ops(kernel))
    if problem is None or not isinstance(problem.anchor, graph.ConvOp) or not isinstance(problem.element, Float32Type):
        return None
    columns = {problem.out.column, *(a.column for a in problem.inputs.values())}
    shape = geometry(problem)
    if shape is None or problem.out.column != ONE or not columns <= {ONE, ZERO} or not can_pack(problem):
        return None
    return problem, shape


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr) -> Plan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    found = _analyse(kernel)
    if found is None:
        raise CompileError(f"kernel '{kernel.sym_name.data}' is no convolution over lines", stage="lower-kernels")
    for wrong, reason in (
        (schedule["nr"] % schedule["lanes"] > 0, "has a schedule whose nr is no multiple of lanes"),
        (found[0].rhs.nr != schedule["nr"], f"wants panels of {schedule['nr']}; run pack-operands"),
    ):
        if wrong:
            raise CompileError(f"kernel '{kernel.sym_name.data}' {reason}", stage="lower-kernels")
    return Plan(*found, schedule)
