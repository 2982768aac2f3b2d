"""The Winograd rule: 3x3 convolutions of stride 1 and 2 by minimal filtering, where the cost model expects it to be faster."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import PackingAttr, ScheduleAttr
from ...errors import CompileError
from ...passes.session import current_session
from ..kernel_attrs import body_ops
from .contraction_analysis import analyse_axes
from .contraction_pack import unpack_argument
from .opening import opened
from .winograd_cost import TILES, is_winograd, schedule_of
from .winograd_frame import Frame, Plan
from .winograd_loops import emit_loops


class WinogradRule:
    """Convolution F(m x m, 3 x 3) of f32, channels last, with a pointwise epilogue; never under `strict_math`."""

    name = "winograd"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        """Nothing of its own: what it can run is a contraction too."""
        return False

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        if current_session().strict_math:
            return None
        problem = analyse_axes(body_ops(kernel))
        return None if problem is None or not is_winograd(problem, target) else schedule_of(problem, target)

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        problem = analyse_axes(body_ops(kernel))
        if problem is None or problem.rhs.nr:
            return
        plan = Plan(problem, schedule)
        unpack_argument(kernel, problem.rhs.value, PackingAttr.of("winograd", nr=plan.nr, alpha=plan.alpha))

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return False

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        plan = _plan(kernel, schedule, target)
        return plan.chunks * plan.panels

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(_plan(kernel, schedule, target).scratch_bytes)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule, target)
        builder, buffers = opened(kernel, plan.problem.out.value)
        emit_loops(Frame(plan, builder, buffers))
        return builder.finish()


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> Plan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    problem = analyse_axes(body_ops(kernel))
    if problem is None or not is_winograd(problem, target):
        raise CompileError(f"kernel '{kernel.sym_name.data}' is no 3x3 convolution of stride 1 or 2", stage="lower-kernels")
    for wrong, reason in (
        (schedule["tile"] not in TILES[problem.lhs.windows[0].stride], f"cannot have tiles of {schedule['tile']} outputs"),
        (schedule["tiles"] % schedule["mr"] > 0, "has a schedule whose tiles are no multiple of mr"),
        (schedule["nr"] % schedule["lanes"] > 0, "has a schedule whose nr is no multiple of lanes"),
        (problem.rhs.nr != schedule["nr"], f"wants panels of {schedule['nr']}; run pack-operands"),
    ):
        if wrong:
            raise CompileError(f"kernel '{kernel.sym_name.data}' {reason}", stage="lower-kernels")
    return Plan(problem, schedule)
