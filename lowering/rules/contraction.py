"""The contraction rule: matmul and convolution as blocked GEMM over packed panels, with the epilogue fused into the stores."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import flag, integer
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import PackingAttr, ScheduleAttr
from ...errors import CompileError
from ..kernel_attrs import body_ops
from ..loop_types import bit_width
from ..strided import ONE, ZERO
from . import contraction_schedule
from .contraction_analysis import analyse, wants_relayout
from .contraction_frame import Frame, Plan
from .contraction_loops import emit_loops
from .contraction_pack import unpack_argument
from .contraction_problem import Problem
from .contraction_schedule import IN_PLACE, PACKED, readable_in_place, skippable
from .opening import opened


class ContractionRule:
    """Matmul and convolution of f32 and f64 with absorbed views and a pointwise epilogue."""

    name = "contraction"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        problem = analyse(ops)
        return problem is not None and _supported(problem) and not wants_relayout(problem)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        problem = analyse(body_ops(kernel))
        if problem is None or not _supported(problem):
            return None
        return contraction_schedule.schedule_of(problem, target, bit_width(problem.element))

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        problem = analyse(body_ops(kernel))
        if problem is None or problem.rhs.nr or schedule["rhs"] != PACKED:
            return
        unpack_argument(kernel, problem.rhs.value, _packing(problem, schedule["nr"]))

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return False

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).grid

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).scratch_bytes

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule)
        builder, buffers = opened(kernel, plan.problem.out.value)
        emit_loops(Frame(plan, builder, buffers, target))
        return builder.finish()


def _supported(problem: Problem) -> bool:
    """Results and operands with adjacent (or repeated) columns; a weight of a convolution that can be packed."""
    accesses = [problem.out, *problem.inputs.values()]
    if problem.out.column != ONE or any(a.column not in (ONE, ZERO) for a in accesses):
        return False
    return isinstance(problem.anchor, graph.MatmulOp) or contraction_schedule.can_pack(problem)


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr) -> Plan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    problem = analyse(body_ops(kernel))
    if problem is None or not _supported(problem):
        raise CompileError(f"kernel '{kernel.sym_name.data}' is no contraction", stage="lower-kernels")
    for wrong, reason in (
        (schedule["rhs"] == PACKED and problem.rhs.nr != schedule["nr"], f"wants panels of {schedule['nr']}; run pack-operands"),
        (schedule["mc"] % schedule["mr"] > 0, "has a schedule whose mc is no multiple of mr"),
        (schedule.get("lhs", 0) == IN_PLACE and not readable_in_place(problem, schedule["mr"]), "cannot read its rows in place"),
        (schedule.get("skip", 0) == 1 and not skippable(problem, schedule), "has no depth blocks of one tap to skip"),
        (schedule.get("few", 0) >= schedule["mr"], "has a schedule whose few is no less than mr"),
        (schedule["nr"] % schedule["lanes"] > 0, "has a schedule whose nr is no multiple of lanes"),
    ):
        if wrong:
            raise CompileError(f"kernel '{kernel.sym_name.data}' {reason}", stage="lower-kernels")
    return Plan(problem, schedule)


def _packing(problem: Problem, nr: int) -> PackingAttr:
    anchor = problem.anchor
    if isinstance(anchor, graph.MatmulOp):
        return PackingAttr.of("gemm_b", nr=nr, transposed=int(flag(anchor.transpose_rhs)))
    assert isinstance(anchor, graph.ConvOp | graph.ConvTransposeOp)
    kind = "conv_oihw" if isinstance(anchor, graph.ConvOp) else "conv_iohw"
    order = {"channels_first": 1} if problem.lhs.channels_first else {}
    return PackingAttr.of(kind, nr=nr, group=integer(anchor.group), **order)
