"""The loops of an integer contraction kernel: as those of `contraction_loops`, with the whole depth in one block.

for slice in [lo, hi):                 batch, chunk of mc rows, panel of nr columns; panels innermost
    on a new chunk: gather its rows into scratch, unless they are read in place
    for row block of mr:
        for groups of steps of depth: mr x nr dot products in registers
        epilogue and store
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..strided import ZERO
from .contraction_epilogue import Finisher
from .contraction_lhs import gather_rows
from .int_contraction_frame import Frames
from .int_contraction_micro import Panel, accumulate
from .kept import Kept


def emit_loops(frames: Frames) -> None:
    """The parallel loop over (batch, row chunk, panel)."""
    frame, plan = frames.sums, frames.plan.sums
    b = frame.b
    batch = [b.dim(e) for e in frame.problem.batch]
    extents = [*batch, b.dim(plan.row_chunks), b.dim(plan.panels)]

    kept = None if plan.in_place else Kept(b, b.dim(plan.panels))

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        *where, chunk, panel = b.delinearize(index, extents)
        first = b.mul(chunk, plan.mc)
        rows = b.min(plan.mc, b.sub(frame.row_count, first))
        blocks = b.ceildiv(rows, plan.mr)
        if kept is not None:
            kept.once(index, panel, lambda: gather_rows(frames.rows, where, first, b.mul(blocks, plan.mr)))
        _row_blocks(frames, where, first, blocks, panel)

    b.for_(b.lo, b.hi, body)


def _row_blocks(frames: Frames, batch: Sequence[Index], first: Index, blocks: Index, panel: Index) -> None:
    """All row blocks of a chunk against one panel."""
    frame, plan = frames.sums, frames.plan.sums
    b, rhs = frame.b, frame.problem.rhs
    finisher = Finisher(frame, batch, b.mul(panel, plan.nr))
    base = b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset))
    start = b.add(base, b.mul(panel, b.mul(b.dim(rhs.panel), frames.plan.deep * plan.nr)))
    columns = Panel(frames, frame.buffers[rhs.value], start)

    def row_block(block: SSAValue, _: Sequence[SSAValue]) -> None:
        row = b.add(first, b.mul(block, plan.mr))
        base = row
        if plan.in_place and frame.problem.row_count % plan.mr != ZERO:
            base = b.min(row, b.sub(frame.row_count, plan.mr))  # the last block overlaps the one before it
        sums = accumulate(frames, _rows(frames, batch, block, base), columns)
        finisher.finish(sums, row, 0, b.sub(row, base))

    b.for_(0, blocks, row_block)


def _rows(frames: Frames, batch: Sequence[Index], block: Index, base: Index) -> SSAValue:
    """The block's rows, [mr, depth]; of a depth that is no multiple of the group some bytes more can be read."""
    plan, b, lhs = frames.plan.rows, frames.rows.b, frames.rows.problem.lhs
    deep = frames.plan.deep
    depth = b.mul(b.ceildiv(frames.rows.depth, deep), deep)
    if plan.in_place:
        step = b.dim(plan.row_step)
        start = b.linear(batch, [b.dim(s) for s in lhs.batch], b.add(b.dim(lhs.offset), b.mul(base, step)))
        return b.view(frames.rows.buffers[lhs.value], [plan.mr, depth], [step, 1], start)
    return b.view(frames.rows.block, [plan.mr, depth], [plan.row_stride, 1], b.mul(block, plan.mr * plan.row_stride))
