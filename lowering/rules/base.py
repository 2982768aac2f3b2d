"""The schedule-rule protocol: which groups fuse into one kernel, how they run, and how they become loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from xdsl.dialects import func
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr


class Rule(Protocol):
    """One way of running a kind of kernel. Rules are tried in order; the first that accepts a group takes it."""

    name: str

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        """Whether these graph ops, in topological order and with one result used outside, can be one kernel.

        Called by outlining on tentative groups in the host program and on the body of an outlined kernel, so it may look only at
        the ops, their operand types and their properties. What it accepts, `lower` must lower.
        """
        ...

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        """The schedule for a kernel with its concrete shapes (symbolic where dynamic), or None when the rule does not apply."""
        ...

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        """Insert `kernel.unpack` on arguments that the schedule wants packed (their argument types become the packed ones)."""
        ...

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        """Whether dims become runtime sizes; dims inside attributes always stay."""
        ...

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        """The extent of the kernel's linearised parallel space, in the symbols of the kernel's types."""
        ...

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        """Bytes of scratch memory a thread needs, in the symbols of the kernel's types."""
        ...

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        """The kernel as a loops-stage function of the same name (flat memrefs, sizes, scratch, lo, hi; returns i32)."""
        ...
