"""The loops of a contraction kernel round its micro-kernel.

Outermost first (after Goto and van de Geijn 2008; BLIS, Van Zee and van de Geijn 2015):

    for slice in [lo, hi):                 batch, chunk of mc rows, panel of nr columns; panels innermost
        on a new chunk: gather its rows into scratch, unless they are read in place
        for depth block:
            for row block of mr:
                for k: mr x nr multiply-adds in registers
                last depth block: epilogue and store; else keep the sums in scratch
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ..builder import Index
from ..strided import ONE, ZERO
from .contraction_epilogue import Finisher, load_tile, store_tile
from .contraction_frame import Frame
from .contraction_lhs import gather_rows
from .contraction_rhs import pack_panel
from .contraction_schedule import LINE as LINE_BYTES
from .contraction_stream import emit_streamed
from .kept import Kept

Product = tuple[SSAValue, SSAValue, Index, list[SSAValue]]
"""What a micro-kernel multiplies: rows, panel, their depth, and what to prefetch."""


def emit_loops(frame: Frame) -> None:
    """The parallel loop over (batch, row chunk, panel)."""
    b, plan = frame.b, frame.plan
    batch = [b.dim(e) for e in frame.problem.batch]
    extents = [*batch, b.dim(plan.row_chunks), b.dim(plan.panels)]

    kept = None if plan.in_place else Kept(b, b.dim(plan.panels))

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        *where, chunk, panel = b.delinearize(index, extents)
        first = b.mul(chunk, plan.mc)
        rows = b.min(plan.mc, b.sub(frame.row_count, first))
        blocks = b.ceildiv(rows, plan.mr)
        if kept is not None:
            kept.once(index, panel, lambda: gather_rows(frame, where, first, b.mul(blocks, plan.mr)))
        if plan.streamed:
            emit_streamed(frame, where, panel)
        else:
            _Panel(frame, where, first, blocks, panel).emit()

    b.for_(b.lo, b.hi, body)


class _Panel:
    """All row blocks of a chunk against one panel."""

    def __init__(self, frame: Frame, batch: Sequence[Index], first: Index, blocks: Index, panel: Index) -> None:
        self.frame, self.first, self.blocks = frame, first, blocks
        self.single = frame.plan.depth_blocks == ONE
        self.finisher = Finisher(frame, batch, frame.b.mul(panel, frame.plan.nr))
        self.source, self.start = _panel_source(frame, batch, panel)
        b, lhs = frame.b, frame.problem.lhs
        self.lhs_start = b.linear(batch, [b.dim(s) for s in lhs.batch], b.dim(lhs.offset))

    def emit(self) -> None:
        if self.single:
            self._depth_block(0)
        else:
            self.frame.b.for_(0, self.frame.depth_blocks, lambda kb, _: self._depth_block(kb))

    def _depth_block(self, kb: Index) -> None:
        b, plan = self.frame.b, self.frame.plan
        k0, length = self.frame.depth_block(kb)
        columns = b.view(self.source, [length, plan.nr], [plan.nr, 1], b.add(self.start, b.mul(k0, plan.nr)))
        following = b.add(self.start, b.mul(b.add(k0, length), plan.nr))

        def row_block(block: SSAValue, _: Sequence[SSAValue]) -> None:
            row = b.add(self.first, b.mul(block, plan.mr))
            base = row
            if plan.in_place and self.frame.problem.row_count % plan.mr != ZERO:
                base = b.min(row, b.sub(self.frame.row_count, plan.mr))  # the last block overlaps the one before it
            rows = self._rows(block, base, kb, k0, length)
            hints = self._hints(block, base, k0, length, following)
            self._accumulate(kb, block, row, b.sub(row, base), (rows, columns, length, hints))

        b.for_(0, self.blocks, row_block)

    def _rows(self, block: Index, base: Index, kb: Index, k0: Index, length: Index) -> SSAValue:
        """The block's rows for one depth block, [mr, length]."""
        frame, plan, b = self.frame, self.frame.plan, self.frame.b
        if plan.in_place:
            step = b.dim(plan.row_step)
            start = b.add(b.add(self.lhs_start, b.mul(base, step)), k0)
            return b.view(frame.buffers[frame.problem.lhs.value], [plan.mr, length], [step, 1], start)
        at = b.mul(b.add(b.mul(block, frame.depth_blocks), kb), plan.mr * plan.row_stride)
        return b.view(frame.block, [plan.mr, length], [plan.row_stride, 1], at)

    def _hints(self, block: Index, base: Index, k0: Index, length: Index, following: Index) -> list[SSAValue]:
        """Views whose row k is worth a prefetch in step k: this block's part of the next panel, rows of the next block."""
        frame, plan, b = self.frame, self.frame.plan, self.frame.b
        hints: list[SSAValue] = []
        if plan.far:
            at = b.add(following, b.mul(block, b.mul(length, plan.far)))
            hints.append(b.view(self.source, [length, plan.far], [plan.far, 1], at))
        if plan.dense_rows:
            at = b.add(self.lhs_start, b.add(b.mul(b.add(base, plan.mr), b.dim(plan.row_step)), b.mul(k0, plan.mr)))
            lhs = frame.problem.lhs
            for line in range(0, plan.mr, LINE_BYTES // plan.itemsize):
                hints.append(b.view(frame.buffers[lhs.value], [length, plan.mr], [plan.mr, 1], b.add(at, line)))
        return hints

    def _accumulate(self, kb: Index, block: Index, row: Index, skipped: Index, product: Product) -> None:
        """One row block: sums from zero or from scratch, to the epilogue or to scratch."""
        frame, plan, b = self.frame, self.frame.plan, self.frame.b
        if self.single:
            self.finisher.finish(self._sums(row, product, frame.micro.zeros()), row, 0, skipped)
            return
        tile = b.mul(block, plan.mr * plan.nr)
        types = [v.type for v in frame.micro.zeros()]
        sums = b.if_(b.cmp("eq", kb, 0), lambda: frame.micro.zeros(), lambda: load_tile(frame, tile), types)
        sums = self._add(kb, block, row, product, sums)
        last = b.cmp("eq", kb, b.sub(frame.depth_blocks, 1))
        b.if_(last, lambda: self.finisher.finish(sums, row, tile, skipped), lambda: store_tile(frame, sums, tile))

    def _sums(self, row: Index, product: Product, sums: list[SSAValue]) -> list[SSAValue]:
        """The sums with a depth block's products; those of rows past the last one may stay as they are."""
        frame, b, few = self.frame, self.frame.b, self.frame.few
        if few is None:
            return frame.micro.accumulate(*product, sums)

        def smaller() -> list[SSAValue]:
            count = few.mr * few.vectors
            return [*few.accumulate(*product, sums[:count]), *sums[count:]]

        left = b.cmp("sle", b.sub(frame.row_count, row), few.mr)
        return b.if_(left, smaller, lambda: frame.micro.accumulate(*product, sums), [v.type for v in sums])

    def _add(self, kb: Index, block: Index, row: Index, product: Product, sums: list[SSAValue]) -> list[SSAValue]:
        """The sums with a depth block's products, unless those are known to be zero."""
        frame, b = self.frame, self.frame.b
        if frame.flags is None:
            return self._sums(row, product, sums)
        tap = b.floordiv(kb, frame.chunks)
        flag = b.load(frame.flags, [b.add(b.mul(block, b.dim(frame.plan.tap_count)), tap)])
        live = b.emit(arith.CmpiOp(flag, b.const(0, i32), "ne"))
        return b.if_(live, lambda: frame.micro.accumulate(*product, sums), lambda: sums, [v.type for v in sums])


def _panel_source(frame: Frame, batch: Sequence[Index], panel: Index) -> tuple[SSAValue, Index]:
    """The buffer and position of a packed panel."""
    b, plan, rhs = frame.b, frame.plan, frame.problem.rhs
    if frame.panel is not None:
        pack_panel(frame, batch, panel)
        return frame.panel, 0
    base = b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset))
    return frame.buffers[rhs.value], b.add(base, b.mul(panel, b.mul(b.dim(rhs.panel), plan.nr)))
