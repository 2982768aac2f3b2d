"""Finishing a block of sums: bias and epilogue on registers, and the stores.

Full blocks go straight from registers when the epilogue is cheap. Otherwise the sums pass through a tile in scratch and rows are
finished in a loop: one body however many rows there are, which is also how the last, shorter block is finished.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..strided import ONE, ZERO
from .contraction_columns import ColumnEpilogue, Columns, is_cheap
from .contraction_frame import Frame
from .contraction_lhs import for_rows


class Finisher:
    """Finishes blocks of one panel of one batch: columns from `column` on."""

    def __init__(self, frame: Frame, batch: Sequence[Index], column: Index) -> None:
        self.frame = frame
        plan, problem = frame.plan, frame.problem
        self.direct = len(problem.rows) <= 1 and problem.out.column == ONE and is_cheap(problem.epilogue)
        columns = Columns(column, plan.vectors, plan.lanes, problem.columns % plan.nr != ZERO)
        self.epilogue = ColumnEpilogue(frame.b, problem, frame.buffers, batch, columns)
        self.extents = [frame.b.dim(e) for e in problem.rows]

    def finish(self, sums: Sequence[SSAValue], first: Index, tile: Index, skipped: Index = 0) -> None:
        """Finish the rows from `first` on; the first `skipped` rows of the block come before. `tile` is room in scratch."""
        frame, plan = self.frame, self.frame.plan
        if not self.direct:
            self._through_tile(sums, first, tile, skipped)
        elif frame.problem.row_count % plan.mr == ZERO:
            self._from_registers(sums, first)
        else:
            b = frame.b
            full = b.cmp("sle", b.add(first, plan.mr), frame.row_count)
            b.if_(full, lambda: self._from_registers(sums, first), lambda: self._through_tile(sums, first, tile, skipped))

    def _from_registers(self, sums: Sequence[SSAValue], first: Index) -> None:
        b, plan = self.frame.b, self.frame.plan
        for row in range(plan.mr):
            position = [b.add(first, row)] if self.extents else []
            for v in range(plan.vectors):
                self.epilogue.store(sums[row * plan.vectors + v], position, v)

    def _through_tile(self, sums: Sequence[SSAValue], first: Index, tile: Index, skipped: Index) -> None:
        frame, b, plan = self.frame, self.frame.b, self.frame.plan
        store_tile(frame, sums, tile)
        rows = b.min(plan.mr, b.sub(frame.row_count, first))

        def row(index: Index, position: Sequence[Index]) -> None:
            start = b.add(tile, b.mul(b.add(index, skipped), plan.nr))
            for v in range(plan.vectors):
                sum_ = b.vload(frame.tile, [b.add(start, v * plan.lanes)], plan.lanes)
                self.epilogue.store(sum_, position, v)

        for_rows(b, self.extents, first, rows, frame.row_count, row)


def store_tile(frame: Frame, sums: Sequence[SSAValue], tile: Index) -> None:
    """Keep a block of sums in scratch."""
    b, plan = frame.b, frame.plan
    for index, value in enumerate(sums):
        b.vstore(value, frame.tile, [b.add(tile, index * plan.lanes)])


def load_tile(frame: Frame, tile: Index) -> list[SSAValue]:
    """Take a block of sums up again."""
    b, plan = frame.b, frame.plan
    count = plan.mr * plan.vectors
    return [b.vload(frame.tile, [b.add(tile, index * plan.lanes)], plan.lanes) for index in range(count)]
