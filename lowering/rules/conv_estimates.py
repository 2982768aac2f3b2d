"""Cycles by algorithm of a convolution: what the rules compare, and what `tilewright explain` shows."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.kernel import ScheduleAttr
from ...passes.session import current_session
from .contraction_analysis import analyse_axes
from .contraction_schedule import gathered_cycles
from .lines_cost import lines_cycles
from .winograd_cost import is_winograd, winograd_estimates


def estimates(ops: Sequence[Operation], target: TargetModel) -> dict[str, float]:
    """Cycles of one image (two vector operations each) by algorithm; empty for what is no convolution of known shape."""
    problem = analyse_axes(ops)
    if problem is None or not isinstance(problem.anchor, graph.ConvOp) or not problem.lhs.windows:
        return {}
    sizes = (*problem.rows[1:], problem.columns, problem.depth, problem.lhs.run)
    if not all(d.is_static for d in sizes):
        return {}
    costs = {"gathered_rows": gathered_cycles(problem, target)}
    lines = lines_cycles(problem, target)
    if lines is not None:
        costs["padded_lines"] = lines
    allowed = is_winograd(problem, target) and not current_session().strict_math
    return costs | (winograd_estimates(problem, target) if allowed else {})


def algorithm(schedule: ScheduleAttr) -> str:
    """The name that `estimates` gives to the algorithm of a schedule."""
    if schedule.kind.data == "winograd":
        return f"winograd_{schedule['tile']}x{schedule['tile']}"
    return {"contraction": "gathered_rows", "lines": "padded_lines"}.get(schedule.kind.data, schedule.kind.data)
