"""The end of a block of queries: sums over the total of exponentials, transposed from [columns, queries] and stored."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..definitions.attention import finish
from ..shuffles import transpose
from ..values import Value
from .attention_frame import Frame
from .attention_softmax import State


def store_results(frame: Frame, batch: list[Index], first: Index, state: State) -> None:
    """Store the queries from row `first` on, by squares of `lanes` queries and columns."""
    b, plan, columns = frame.b, frame.plan, frame.problem.columns
    for v, total in enumerate(state.totals):
        b.vstore(total, frame.views["factors"], [v * plan.lanes])
    start = b.add(frame.start(frame.problem.out, batch), b.mul(first, b.dim(frame.problem.out.row)))
    whole = columns // plan.lanes * plan.lanes

    def queries(query: SSAValue, _: Sequence[SSAValue]) -> None:
        left = b.sub(b.sub(frame.rows, first), query)
        here = b.add(start, b.mul(query, b.dim(frame.problem.out.row)))
        square = _Square(frame, query, left, here)
        b.for_(0, whole, lambda column, _: square.store(column, plan.lanes), step=plan.lanes)
        if whole < columns:
            square.store(whole, columns - whole)

    b.for_(0, b.min(plan.nr, b.sub(frame.rows, first)), queries, step=plan.lanes)


class _Square:
    """`lanes` queries, of which `left` exist, whose results start at `start`."""

    def __init__(self, frame: Frame, query: Index, left: Index, start: Index) -> None:
        self.frame, self.query, self.left, self.start = frame, query, left, start

    def store(self, column: Index, width: int) -> None:
        """`width` columns of all queries that exist."""
        frame, b, lanes, nr = self.frame, self.frame.b, self.frame.plan.lanes, self.frame.plan.nr
        total = self._value(b.vload(frame.views["factors"], [self.query], lanes))
        inverse = 1.0 / total
        rows: list[SSAValue] = []
        for i in range(lanes):
            at = b.add(b.mul(b.add(column, min(i, width - 1)), nr), self.query)
            weighted = self._value(b.vload(frame.views["sums"], [at], lanes)) * inverse
            rows.append(finish(frame.problem.op, total, weighted).ssa)
        buffer, step = frame.buffers[frame.problem.out.value], b.dim(frame.problem.out.row)
        for i, row in enumerate(transpose(b, rows)):
            exists = b.min(b.max(b.sub(self.left, i), 0), 1)
            mask = b.lane_mask(b.mul(exists, width), lanes)
            # A masked address where no memory is would cost hundreds of cycles.
            near = b.min(i, b.sub(self.left, 1))
            b.vstore(row, buffer, [b.add(b.add(self.start, b.mul(near, step)), column)], mask)

    def _value(self, ssa: SSAValue) -> Value:
        return Value(self.frame.b, ssa, self.frame.problem.element)
