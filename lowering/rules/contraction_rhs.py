"""Packing a panel of a right side that is computed at run time, into scratch."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..loop_types import vector_type
from ..strided import ONE
from .contraction_frame import Frame


def pack_panel(frame: Frame, batch: Sequence[Index], panel: Index) -> None:
    """Write panel number `panel` to scratch as [depth, nr]; columns past the end read as zero."""
    b, rhs, plan = frame.b, frame.problem.rhs, frame.plan
    column = b.mul(panel, plan.nr)
    base = b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset))
    start = b.add(base, b.mul(column, b.dim(rhs.column)))
    valid = b.sub(frame.columns, column)
    if rhs.column == ONE:
        _copy_rows(frame, start, valid)
    else:
        _gather_columns(frame, start, valid)


def _copy_rows(frame: Frame, start: Index, valid: Index) -> None:
    """Adjacent columns: vector copies, masked past the end."""
    b, plan, rhs = frame.b, frame.plan, frame.problem.rhs
    buffer, lanes, target = frame.buffers[rhs.value], plan.lanes, frame.panel
    assert target is not None
    step = b.dim(rhs.depth)
    masks = [b.lane_mask(b.max(b.sub(valid, v * lanes), 0), lanes) for v in range(plan.vectors)]

    def row(k: SSAValue, _: Sequence[SSAValue]) -> None:
        for v, mask in enumerate(masks):
            source = b.add(b.add(start, b.mul(k, step)), v * lanes)
            b.vstore(b.vload(buffer, [source], lanes, mask), target, [b.add(b.mul(k, plan.nr), v * lanes)])

    b.for_(0, frame.depth, row)


def _gather_columns(frame: Frame, start: Index, valid: Index) -> None:
    """Any strides, element by element."""
    b, plan, rhs = frame.b, frame.plan, frame.problem.rhs
    buffer, target = frame.buffers[rhs.value], frame.panel
    assert target is not None
    step, column = b.dim(rhs.depth), b.dim(rhs.column)
    zero = b.const(0, vector_type(frame.problem.element, plan.lanes))

    def row(k: SSAValue, _: Sequence[SSAValue]) -> None:
        at = b.mul(k, plan.nr)
        for v in range(plan.vectors):
            b.vstore(zero, target, [b.add(at, v * plan.lanes)])
        source = b.add(start, b.mul(k, step))
        count = b.min(valid, plan.nr)
        b.for_(0, count, lambda j, _: b.store(b.load(buffer, [b.add(source, b.mul(j, column))]), target, [b.add(at, j)]))

    b.for_(0, frame.depth, row)
