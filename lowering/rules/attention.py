"""The attention rule: tiles of scores that stay in the cache, softmax while they are there (Dao et al. 2022).

Queries lie in the lanes of vectors. So scores are summed as k @ q^T, with keys as rows that the micro-kernel reads in place; the
softmax goes down columns, without any reduction across lanes; and results are summed as v^T @ scores, where a block of scores is
the packed panel that the micro-kernel wants, and columns of values are rows that it reads in place.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ...errors import CompileError
from ..kernel_attrs import body_ops
from ..loop_types import bit_width
from .attention_frame import Frame, Plan
from .attention_loops import emit_loops
from .attention_problem import Problem, analyse
from .attention_schedule import schedule_of
from .common import BaseRule
from .opening import opened


class AttentionRule(BaseRule):
    """Attention of f32 and f64 with absorbed views."""

    name = "attention"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return analyse(ops) is not None

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        problem = analyse(body_ops(kernel))
        if problem is None:
            return None
        return schedule_of(problem, target, bit_width(problem.element))

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return False

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).grid

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).scratch_bytes

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule)
        builder, buffers = opened(kernel, plan.problem.out.value)
        emit_loops(Frame(plan, builder, buffers))
        return builder.finish()


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr) -> Plan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    problem: Problem | None = analyse(body_ops(kernel))
    if problem is None:
        raise CompileError(f"kernel '{kernel.sym_name.data}' is no attention", stage="lower-kernels")
    if schedule["nr"] % schedule["lanes"] > 0 or min(schedule[n] for n in ("nr", "mr", "dr", "block")) < 1:
        raise CompileError(f"kernel '{kernel.sym_name.data}' has a schedule without whole vectors or rows", stage="lower-kernels")
    return Plan(problem, schedule)
