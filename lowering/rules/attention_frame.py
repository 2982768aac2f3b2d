"""The frame of an attention kernel: its schedule, sizes as index values, and the layout of its scratch memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from ...dialects.graph.base import i1
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..builder import Index, KernelBuilder
from ..loop_types import bit_width
from ..strided import ONE
from ..values import Value
from .attention_problem import Matrices, Problem
from .contraction_micro import MicroKernel, RegisterBlock
from .contraction_schedule import round_up

CHAINS = 4
"""Exponentials are added in so many chains, by the key's number modulo this. Part of the bit contract."""


@dataclass(frozen=True)
class Plan(RegisterBlock):
    """A problem under a schedule: symbolic sizes of grid and scratch, the same for `grid`, `scratch` and `lower`."""

    problem: Problem
    schedule: ScheduleAttr

    @property
    def dr(self) -> int:
        return self.schedule["dr"]

    @property
    def block(self) -> int:
        return self.schedule["block"]

    @property
    def itemsize(self) -> int:
        return bit_width(self.problem.element) // 8

    @cached_property
    def chunks(self) -> DimExpr:
        """Blocks of queries."""
        return self.problem.rows.ceildiv(self.nr)

    @property
    def grid(self) -> DimExpr:
        return self.problem.batches * self.chunks

    @cached_property
    def blocks(self) -> DimExpr:
        """Blocks of keys."""
        return self.problem.keys.ceildiv(self.block)

    @property
    def short_block(self) -> bool:
        """Whether some block may hold fewer keys than the register block has rows."""
        keys = self.problem.keys
        return not keys.is_static or 0 < keys.value % self.block < self.mr

    # -- blocks of few queries --------------------------------------------------------------------------------------------
    @property
    def few(self) -> int:
        """So many queries or fewer in a block are run as rows."""
        return self.schedule["few"]

    @property
    def rr(self) -> int:
        """Queries in a register block of rows."""
        return self.schedule["rr"]

    @cached_property
    def last_rows(self) -> int | None:
        """Queries of the last block, where that is known."""
        rows = self.problem.rows
        return (rows.value - 1) % self.nr + 1 if rows.is_static and rows.value > 0 else None

    @cached_property
    def has_few(self) -> bool:
        """Whether some block may have few queries."""
        return self.last_rows is None or self.last_rows <= self.few

    @cached_property
    def has_many(self) -> bool:
        """Whether some block may have more."""
        rows = self.problem.rows
        return not rows.is_static or rows.value > self.few

    @property
    def padded_columns(self) -> int:
        return round_up(self.problem.columns, self.lanes)

    @property
    def padded_keys(self) -> int:
        """From one query's scores to the next's: whole panels of keys."""
        return round_up(round_up(self.block_keys, self.lanes), self.key_panel)

    @property
    def key_panel(self) -> int:
        """Keys whose scores are summed in registers for one query."""
        return min(self.key_vectors * self.lanes, round_up(self.block_keys, self.lanes))

    @property
    def narrow_panel(self) -> bool:
        """Whether the keys of some block may leave a rest that one vector holds."""
        keys = self.problem.keys
        rest = keys.value % self.block % self.key_panel if keys.is_static else 1
        return self.key_panel > self.lanes and 0 < rest <= self.lanes

    @property
    def key_vectors(self) -> int:
        """Vectors of keys or columns that are summed in registers for a block of rows."""
        return self.schedule["rv"]

    @property
    def values_in_place(self) -> bool:
        """Whether vectors of columns can be read where they are."""
        return self.problem.v.column == ONE and self.problem.columns % self.lanes == 0

    # -- scratch, in elements ---------------------------------------------------------------------------------------------
    @cached_property
    def block_keys(self) -> int:
        keys = self.problem.keys
        return min(self.block, max(keys.value, 1)) if keys.is_static else self.block

    @cached_property
    def regions(self) -> dict[str, DimExpr]:
        """Elements of each region of scratch, in order."""
        many = self.many_regions if self.has_many else {}
        few = self.few_regions if self.has_few else {}
        return {**many, **few}

    @property
    def many_regions(self) -> dict[str, DimExpr]:
        of, keys = DimExpr.of, round_up(self.block_keys, CHAINS)
        return {
            "queries": self.problem.depth * self.nr,
            "scores": of(keys * self.nr),
            "sums": of(self.padded_columns * self.nr),
            "factors": of(self.nr),
            "mask": of(keys * self.nr if self.problem.mask_per_row else 0),
        }

    @property
    def few_regions(self) -> dict[str, DimExpr]:
        of, few = DimExpr.of, round_up(self.few, self.rr)
        return {
            "row_queries": self.problem.depth * few,
            "row_keys": self.problem.depth * self.key_panel,
            "row_scores": of(self.padded_keys * few),
            "row_peaks": of(self.lanes * few),
            "row_totals": of(self.lanes * few),
            "row_factors": of(self.lanes * few),
            "row_sums": of(self.padded_columns * few),
            "row_values": of(0 if self.values_in_place else self.block_keys * self.padded_columns),
        }

    @property
    def scratch_bytes(self) -> DimExpr:
        return sum(self.regions.values(), DimExpr.of(0)) * self.itemsize


class Frame:
    """A plan with the builder of its function and the scratch regions in it."""

    def __init__(self, plan: Plan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue]) -> None:
        self.plan, self.problem, self.b, self.buffers = plan, plan.problem, builder, buffers
        problem = plan.problem
        self.rows, self.keys = builder.dim(problem.rows), builder.dim(problem.keys)
        self.depth = builder.dim(problem.depth)
        self.views: dict[str, SSAValue] = {}
        start = DimExpr.of(0)
        for name, size in plan.regions.items():
            at = builder.mul(builder.dim(start), plan.itemsize)
            self.views[name] = builder.scratch_view(builder.scratch, at, builder.dim(size), problem.element)
            start = start + size

    def micro(self, rows: int, vectors: int = 0, adjacent: bool = False) -> MicroKernel:
        """The micro-kernel for so many rows, whose elements may be `adjacent`; vectors as in a block of queries unless given."""
        plan, vectors = self.plan, vectors or self.plan.vectors
        by_lane = adjacent and plan.schedule.get("by_lane", 0) == 1
        unroll = plan.lanes if by_lane else max(1, 8 // (rows * vectors))
        return MicroKernel(self.b, self.problem.element, rows, vectors, plan.lanes, unroll, 0, by_lane)

    def visible_keys(self, first: Index, count: Index) -> Index:
        """Keys that at least one of `count` queries from row `first` on sees: those after them are left out."""
        b, causal = self.b, self.problem.op.causal
        if causal is None:
            return self.keys
        last = b.add(first, count) if self.problem.advance else 1
        return b.max(b.min(b.add(last, b.dim(causal.data)), self.keys), 0)

    def start(self, matrices: Matrices, batch: list[Index]) -> Index:
        """Where the matrix of a batch starts in its buffer."""
        b = self.b
        return b.linear(batch, [b.dim(s) for s in matrices.batch], b.dim(matrices.offset))

    def first_totals(self) -> list[SSAValue]:
        """Sums of no exponentials; 1 where there are no keys at all, whose products are sums of nothing: 0."""
        b, keys, zeros = self.b, self.problem.keys, self.micro(1).zeros()
        if keys.is_static and keys.value > 0:
            return zeros
        none = Value(b, b.cmp("eq", self.keys, 0), i1)
        total = none.select(Value(b, b.const(1.0, self.problem.element), self.problem.element), 0.0)
        return [b.broadcast(total.ssa, self.plan.lanes)] * len(zeros)

    @property
    def one_block(self) -> bool:
        """Whether all keys are one block, whatever the query."""
        causal = self.problem.op.causal
        from_start = causal is None or (causal.data.is_static and causal.data.value >= 0)
        return self.plan.blocks == ONE and from_start
