"""The micro-kernel: an mr x nr block of 32-bit sums in registers, a few groups of four or eight steps of depth at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ..builder import Index
from ..loop_types import vector_type
from .int_contraction_frame import Frames
from .int_contraction_products import bitcast, products_of


@dataclass(frozen=True)
class Panel:
    """A packed panel in a buffer of bytes."""

    frames: Frames
    buffer: SSAValue
    start: Index

    def row(self, index: Index) -> list[SSAValue]:
        """The vectors of bytes of row `index`: 0 has the sums of the columns."""
        b, plan = self.frames.sums.b, self.frames.plan
        length, lanes = plan.deep * plan.sums.nr, plan.schedule["bytes"]
        at = b.add(self.start, b.mul(index, length))
        return [b.vload(self.buffer, [b.add(at, part)], lanes) for part in range(0, length, lanes)]

    def sums(self) -> list[SSAValue]:
        """The sums of the columns."""
        b, plan = self.frames.sums.b, self.frames.plan.sums
        return [bitcast(b, part, vector_type(i32, plan.lanes)) for part in self.row(0)[: plan.vectors]]


def accumulate(frames: Frames, rows: SSAValue, panel: Panel) -> list[SSAValue]:
    """`rows @ panel` for a view [mr, depth] of bytes; the last group of a row may hold anything where the panel is zero."""
    b, products = frames.sums.b, products_of(frames)
    groups = b.ceildiv(frames.sums.depth, frames.plan.deep)

    def steps(count: int, k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        columns = [panel.row(b.add(k, group + 1)) for group in range(count)]
        return products.steps(rows, columns, k, sums)

    count, sums = products.at_once, products.starts(panel.sums())
    whole = b.mul(b.floordiv(groups, count), count)
    sums = b.for_(0, whole, lambda k, carried: steps(count, k, carried), step=count, inits=sums)
    if not (isinstance(groups, int) and groups == whole):
        sums = b.for_(whole, groups, lambda k, carried: steps(1, k, carried), inits=sums)
    return products.finish(sums)
