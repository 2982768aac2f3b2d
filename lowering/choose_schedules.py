"""`choose-schedules`: pick the rule and its parameters for every kernel, from its concrete shapes and the target model."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, ModuleOp, i64
from xdsl.passes import ModulePass

from ..backends.targets import TargetModel
from ..dialects.kernel import ScheduleAttr
from ..errors import CompileError
from ..passes.target_attr import target_of
from .kernel_attrs import ESTIMATES, SCHEDULE, body_ops, kernels_of
from .rules import RULES
from .rules.conv_estimates import estimates


@dataclass(frozen=True)
class ChooseSchedulesPass(ModulePass):
    """Set `kernel.schedule` on kernels that have none; one that is written in the input is kept."""

    name = "choose-schedules"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        for kernel in kernels_of(op):
            if SCHEDULE not in kernel.attributes:
                kernel.attributes[SCHEDULE] = choose_schedule(kernel, target)
                note_estimates(kernel, target)


def note_estimates(kernel: func.FuncOp, target: TargetModel) -> None:
    """Keep what the algorithms of a convolution were estimated to cost, for `tilewright explain`."""
    costs = estimates(body_ops(kernel), target)
    if costs:
        kernel.attributes[ESTIMATES] = DictionaryAttr({name: IntegerAttr(round(cost), i64) for name, cost in costs.items()})


def choose_schedule(kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr:
    """The schedule of the first rule that applies; the scalar rule always does."""
    for rule in RULES:
        schedule = rule.schedule(kernel, target)
        if schedule is not None:
            return schedule
    raise CompileError(f"no schedule rule applies to kernel '{kernel.sym_name.data}'", stage="choose-schedules")
