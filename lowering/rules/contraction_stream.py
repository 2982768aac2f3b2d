"""One row times a matrix that is read once, along the depth: panels are packed piece by piece, sums stay in registers.

The piece that comes next is fetched from memory meanwhile: a panel has more rows than a processor's own prefetching follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..strided import ONE, ZERO
from .contraction_epilogue import Finisher
from .contraction_frame import PIECE, Frame
from .panels import Source, write_panel


def emit_streamed(frame: Frame, batch: Sequence[Index], panel: Index) -> None:
    """All of one panel of one batch. Columns that are adjacent already need no packing."""
    b, plan, lhs, rhs = frame.b, frame.plan, frame.problem.lhs, frame.problem.rhs
    column, step, along = b.mul(panel, plan.nr), b.dim(rhs.column), b.dim(rhs.depth)
    finisher = Finisher(frame, batch, column)
    start = b.add(b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset)), b.mul(column, step))
    row = b.linear(batch, [b.dim(s) for s in lhs.batch], b.dim(lhs.offset))

    whole = rhs.column == ONE and frame.problem.columns % plan.nr == ZERO

    def packed(k: Index, length: Index, at: Index) -> SSAValue:
        """The piece of the panel from depth k on, in scratch."""
        assert frame.panel is not None
        last = b.cmp("sge", b.add(k, PIECE), frame.depth)
        ahead = b.select(last, b.sub(b.mul(plan.nr, step), b.mul(k, along)), b.mul(PIECE, along))
        source = Source(frame.buffers[rhs.value], at, along, step, length, b.sub(frame.columns, column), ahead)
        write_panel(b, source, frame.panel, 0, plan.nr, plan.lanes)
        return b.view(frame.panel, [length, plan.nr], [plan.nr, 1], 0)

    def piece(k: SSAValue, sums: Sequence[SSAValue]) -> list[SSAValue]:
        length, at = b.min(PIECE, b.sub(frame.depth, k)), b.add(start, b.mul(k, along))
        rows = b.view(frame.buffers[lhs.value], [1, length], [length, 1], b.add(row, k))
        columns = b.view(frame.buffers[rhs.value], [length, plan.nr], [along, 1], at) if whole else packed(k, length, at)
        return frame.micro.accumulate(rows, columns, length, [], sums)

    finisher.finish(b.for_(0, frame.depth, piece, step=PIECE, inits=frame.micro.zeros()), 0, 0)
