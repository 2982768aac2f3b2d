"""The frame of a contraction kernel: its schedule, sizes as index values, and the layout of its scratch memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr, product
from ...dialects.kernel import ScheduleAttr
from ..builder import Index, KernelBuilder
from ..loop_types import bit_width
from ..strided import ONE, ZERO
from .contraction_micro import RegisterBlock
from .contraction_problem import Problem
from .contraction_schedule import GATHERED, IN_PLACE, SCRATCH
from .kept import KEPT_BYTES

FLAG_BYTES = 4
PIECE = 64
"""Steps of depth that are packed at a time where a panel is used for one row: enough to fetch the next ones meanwhile, few
enough for all of them to stay in L1 and L2."""
ROW_SLACK = 16
"""Elements between rows of a scratch block beyond its depth: room for whole vectors, and distinct cache sets for rows."""


@dataclass(frozen=True)
class Plan(RegisterBlock):
    """A problem under a schedule: symbolic sizes of grid and scratch, the same for `grid`, `scratch` and `lower`."""

    problem: Problem
    schedule: ScheduleAttr

    @cached_property
    def mc(self) -> int:
        return self.schedule["mc"]

    @cached_property
    def kc(self) -> int:
        return self.schedule["kc"]

    @cached_property
    def taps(self) -> int:
        return self.schedule["taps"]

    @property
    def ahead(self) -> int:
        """How many depth steps before its use a row of the panel is prefetched; 0 for not at all."""
        return self.schedule.get("ahead", 0)

    @property
    def skips(self) -> bool:
        """Whether row blocks leave out taps that lie in padding; every depth block is then (part of) one tap."""
        return self.schedule.get("skip", 0) == 1

    @property
    def in_place(self) -> bool:
        """Whether the micro-kernel reads the rows where they are."""
        return self.schedule.get("lhs", GATHERED) == IN_PLACE

    @cached_property
    def row_step(self) -> DimExpr:
        """Elements from one row to the next of rows that are read in place."""
        return self.problem.lhs.rows[0] if self.problem.lhs.rows else ZERO

    @property
    def streamed(self) -> bool:
        """Whether the right side is read once, and packed piece by piece on the way."""
        return self.schedule["rhs"] == SCRATCH and self.in_place and self.problem.row_count == ONE

    @property
    def dense_rows(self) -> bool:
        """Whether rows lie one after the other, and a step of depth is the time to fetch a piece of the next row block."""
        lhs = self.problem.lhs
        return len(lhs.rows) == 1 and not lhs.windows and self.row_step == lhs.run and (self.in_place or self.mc == self.mr)

    @property
    def far(self) -> int:
        """Elements of the next panel that each step of depth prefetches to L2; 0 for none."""
        return self.schedule.get("far", 0)

    @property
    def few(self) -> int:
        """Rows of the block for what is left of the rows, where that is no more; 0 for none of its own."""
        return self.schedule.get("few", 0)

    @property
    def row_stride(self) -> int:
        """Elements from one row of a scratch block to the next."""
        return self.kc + ROW_SLACK

    @property
    def itemsize(self) -> int:
        return bit_width(self.problem.element) // 8

    # -- depth ----------------------------------------------------------------------------------------------------------
    @cached_property
    def tap_count(self) -> DimExpr:
        return product(w.kernel for w in self.problem.lhs.taps)

    @cached_property
    def chunks(self) -> DimExpr:
        """Depth blocks in one run."""
        run = self.problem.lhs.run
        return run.ceildiv(self.kc).max(ONE) if self.taps == 1 else ONE

    @cached_property
    def depth_blocks(self) -> DimExpr:
        """One at least: sums of nothing have an epilogue, too."""
        return self.tap_count.ceildiv(self.taps).max(ONE) * self.chunks

    # -- grid -----------------------------------------------------------------------------------------------------------
    @cached_property
    def row_chunks(self) -> DimExpr:
        return self.problem.row_count.ceildiv(self.mc)

    @cached_property
    def panels(self) -> DimExpr:
        return self.problem.columns.ceildiv(self.nr)

    @property
    def grid(self) -> DimExpr:
        return product(self.problem.batch) * self.row_chunks * self.panels

    # -- scratch, in elements ---------------------------------------------------------------------------------------------
    @cached_property
    def chunk_blocks(self) -> DimExpr:
        """Row blocks of one chunk: all of mc, or fewer when there are fewer rows."""
        rows = self.problem.row_count
        return DimExpr.of(self.mc // self.mr).min(rows.ceildiv(self.mr)) if rows.is_static else DimExpr.of(self.mc // self.mr)

    @cached_property
    def lhs_elements(self) -> DimExpr:
        if self.in_place:
            return ZERO
        return self.chunk_blocks * self.depth_blocks * (self.mr * self.row_stride)

    @cached_property
    def tile_elements(self) -> DimExpr:
        """Partial sums: of all row blocks when the depth is blocked, else of one."""
        blocks = DimExpr.of(1) if self.depth_blocks == ONE else self.chunk_blocks
        return blocks * (self.mr * self.nr)

    @cached_property
    def rhs_elements(self) -> DimExpr:
        if self.schedule["rhs"] != SCRATCH:
            return ZERO
        return self.problem.depth.min(PIECE) * self.nr if self.streamed else self.problem.depth * self.nr

    @cached_property
    def flag_count(self) -> DimExpr:
        """A flag for every row block of a chunk and tap: whether it lies in the input for some row."""
        return self.chunk_blocks * self.tap_count if self.skips else ZERO

    @property
    def scratch_bytes(self) -> DimExpr:
        elements = self.lhs_elements + self.tile_elements + self.rhs_elements
        return elements * self.itemsize + self.flag_count * FLAG_BYTES + KEPT_BYTES


class Frame:
    """A plan with the builder of its function and the scratch regions in it."""

    def __init__(self, plan: Plan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue], target: TargetModel) -> None:
        self.plan = plan
        self.problem = plan.problem
        self.b = builder
        self.buffers = buffers
        self.target = target
        self.micro = plan.micro(builder, plan.problem.element)
        self.few = replace(self.micro, mr=plan.few) if plan.few else None
        b, element = builder, plan.problem.element
        self.row_count = b.dim(plan.problem.row_count)
        self.columns = b.dim(plan.problem.columns)
        self.depth = b.dim(plan.problem.depth)
        self.depth_blocks = b.dim(plan.depth_blocks)
        self.chunks = b.dim(plan.chunks)
        offsets = [plan.lhs_elements, plan.tile_elements, plan.rhs_elements]
        starts = [b.dim(sum(offsets[:i], ZERO) * plan.itemsize + KEPT_BYTES) for i in range(3)]
        self.block = b.scratch_view(b.scratch, starts[0], b.dim(plan.lhs_elements), element)
        self.tile = b.scratch_view(b.scratch, starts[1], b.dim(plan.tile_elements), element)
        self.panel: SSAValue | None = None
        self.flags: SSAValue | None = None
        if plan.skips:
            end = b.dim(sum(offsets, ZERO) * plan.itemsize + KEPT_BYTES)
            self.flags = b.scratch_view(b.scratch, end, b.dim(plan.flag_count), i32)
        if plan.schedule["rhs"] == SCRATCH:
            self.panel = b.scratch_view(b.scratch, starts[2], b.dim(plan.rhs_elements), element)

    def depth_block(self, index: Index) -> tuple[Index, Index]:
        """First depth and length of a depth block."""
        b, plan = self.b, self.plan
        if plan.depth_blocks == ONE:
            return 0, self.depth
        run = b.dim(self.problem.lhs.run)
        group, chunk = b.floordiv(index, self.chunks), b.mod(index, self.chunks)
        tap, start = b.mul(group, plan.taps), b.mul(chunk, plan.kc)
        taps = b.min(plan.taps, b.sub(b.dim(plan.tap_count), tap))
        piece = run if plan.chunks == ONE else b.min(plan.kc, b.sub(run, start))
        return b.add(b.mul(tap, run), start), b.mul(taps, piece)
