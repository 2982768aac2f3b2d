"""The frame of an integer contraction kernel: rows of bytes on one side, sums of 32 bits on the other, and its scratch memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import element_of
from ...dialects.kernel import ScheduleAttr
from ..builder import Index, KernelBuilder
from ..packing_bytes import QUAD
from ..strided import ZERO
from ..values import is_signed
from .contraction_frame import Frame, Plan
from .contraction_problem import Problem
from .kept import KEPT_BYTES


@dataclass(frozen=True)
class BytePlan:
    """A problem under a schedule: the plan of the sums, and that of the rows, whose elements and lanes are bytes."""

    problem: Problem
    schedule: ScheduleAttr

    @cached_property
    def sums(self) -> Plan:
        return Plan(self.problem, self.schedule)

    @cached_property
    def rows(self) -> Plan:
        parameters = {name: self.schedule[name] for name in self.schedule.params.data}
        schedule = ScheduleAttr.of(self.schedule.kind.data, **(parameters | {"lanes": self.schedule["bytes"]}))
        return Plan(replace(self.problem, element=i8), schedule)

    @property
    def left_signed(self) -> bool:
        return is_signed(element_of(self.problem.anchor.operands[0]))

    @property
    def right_signed(self) -> bool:
        return is_signed(element_of(self.problem.anchor.operands[1]))

    @property
    def deep(self) -> int:
        """Steps of depth whose bytes lie together in a panel."""
        return self.schedule.get("deep", QUAD)

    @cached_property
    def block_bytes(self) -> DimExpr:
        """Gathered rows, up to a multiple of a cache line; a vector may be stored past the last of them."""
        if self.sums.in_place:
            return ZERO
        return (self.rows.lhs_elements + 2 * self.schedule["bytes"]).ceildiv(64) * 64

    @property
    def scratch_bytes(self) -> DimExpr:
        return self.block_bytes + 4 * self.sums.mr * self.sums.nr + KEPT_BYTES


class ByteFrame(Frame):
    """A frame with the scratch regions of a byte plan; `plan` is that of the rows or that of the sums."""

    def __init__(
        self, whole: BytePlan, plan: Plan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue], target: TargetModel
    ) -> None:
        b = builder
        self.whole, self.plan, self.problem = whole, plan, plan.problem
        self.b, self.buffers, self.target, self.panel = b, buffers, target, None
        self.flags: SSAValue | None = None  # every tap is multiplied, also those in padding
        self.row_count, self.columns = b.dim(plan.problem.row_count), b.dim(plan.problem.columns)
        self.depth: Index = b.dim(plan.problem.depth)
        self.depth_blocks: Index = 1
        self.chunks: Index = 1
        size = b.dim(whole.block_bytes)
        self.block = b.scratch_view(b.scratch, KEPT_BYTES, size, i8)
        self.tile = b.scratch_view(b.scratch, b.add(size, KEPT_BYTES), plan.mr * plan.nr, i32)


@dataclass(frozen=True)
class Frames:
    """Both sides of a kernel."""

    plan: BytePlan
    rows: ByteFrame
    sums: ByteFrame


def make_frame(plan: BytePlan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue], target: TargetModel) -> Frames:
    rows, sums = (ByteFrame(plan, p, builder, buffers, target) for p in (plan.rows, plan.sums))
    return Frames(plan, rows, sums)
