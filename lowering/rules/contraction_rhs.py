"""Packing a panel of a right side that is computed at run time, into scratch."""

from __future__ import annotations

from collections.abc import Sequence

from ..builder import Index
from .contraction_frame import Frame
from .panels import Source, write_panel


def pack_panel(frame: Frame, batch: Sequence[Index], panel: Index) -> None:
    """Write panel number `panel` to scratch as [depth, nr]; columns past the end read as zero."""
    b, rhs, plan = frame.b, frame.problem.rhs, frame.plan
    assert frame.panel is not None
    column = b.mul(panel, plan.nr)
    base = b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset))
    step = b.dim(rhs.column)
    start = b.add(base, b.mul(column, step))
    source = Source(frame.buffers[rhs.value], start, b.dim(rhs.depth), step, frame.depth, b.sub(frame.columns, column))
    write_panel(b, source, frame.panel, 0, plan.nr, plan.lanes)
