"""The loops of an attention kernel.

for slice in [lo, hi):                 batch, block of nr queries
    pack the queries into scratch, as vectors over queries
    for block of keys:
        for mr keys: depth x mr x nr multiply-adds in registers; scores to scratch
        adjust scores (softcap, mask, causal); their maximum; exponentials and their sum
        for dr columns: what is summed so far, scaled to the new maximum, plus keys x dr x nr multiply-adds
    divide by the sum, transpose, store
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..strided import ONE
from .attention_frame import Frame
from .attention_rows import FewQueries
from .attention_softmax import State, adjust_scores, exponentials, factors, packed_mask
from .attention_store import store_results
from .panels import Source, write_panel


def emit_loops(frame: Frame) -> None:
    """The parallel loop over (batch, block of queries)."""
    b, plan, problem = frame.b, frame.plan, frame.problem
    extents = [*(b.dim(e) for e in problem.batch), b.dim(plan.chunks)]

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        *batch, chunk = b.delinearize(index, extents)
        first = b.mul(chunk, plan.nr)
        count = b.min(plan.nr, b.sub(frame.rows, first))
        if not plan.has_few:
            _Queries(frame, batch, first).emit()
        elif not plan.has_many:
            FewQueries(frame, batch, first, count).emit()
        else:
            few = b.cmp("sle", count, plan.few)
            b.if_(few, FewQueries(frame, batch, first, count).emit, _Queries(frame, batch, first).emit)

    b.for_(b.lo, b.hi, body)


class _Queries:
    """A block of queries, from row `first` on, against all keys that they see."""

    def __init__(self, frame: Frame, batch: list[Index], first: Index) -> None:
        self.frame, self.b, self.plan, self.problem = frame, frame.b, frame.plan, frame.problem
        self.batch, self.first = batch, first
        self.k_start, self.v_start = frame.start(self.problem.k, batch), frame.start(self.problem.v, batch)

    def emit(self) -> None:
        b, frame = self.b, self.frame
        self._pack_queries()
        start = State.initial(frame)
        if frame.one_block:
            state = self._key_block(0, start)
        else:
            self._clear_sums()
            count = b.ceildiv(self._limit(), self.plan.block)
            carried = b.for_(0, count, lambda kb, c: self._key_block(kb, State.of(c)).values, inits=start.values)
            state = State.of(carried)
        store_results(frame, self.batch, self.first, state)

    def _pack_queries(self) -> None:
        """The queries as [depth, nr], times the scale."""
        b, plan, q, view = self.b, self.plan, self.problem.q, self.frame.views["queries"]
        row = b.dim(q.row)
        at = b.add(self.frame.start(q, self.batch), b.mul(self.first, row))
        left = b.sub(self.frame.rows, self.first)
        write_panel(
            b, Source(self.frame.buffers[q.value], at, b.dim(q.column), row, self.frame.depth, left), view, 0, plan.nr, plan.lanes
        )
        scale = self.problem.op.scale.value.data
        if scale == 1.0:
            return

        def times(at: SSAValue, _: Sequence[SSAValue]) -> None:
            loaded = b.vload(view, [at], plan.lanes)
            b.vstore(b.mulf(loaded, b.const(scale, loaded.type)), view, [at])

        b.for_(0, b.mul(self.frame.depth, plan.nr), times, step=plan.lanes)

    def _clear_sums(self) -> None:
        b, plan, zero = self.b, self.plan, self.frame.micro(1).zeros()[0]
        view = self.frame.views["sums"]
        b.for_(0, self.problem.columns * plan.nr, lambda at, _: b.vstore(zero, view, [at]), step=plan.lanes)

    def _limit(self) -> Index:
        count = self.b.min(self.plan.nr, self.b.sub(self.frame.rows, self.first))
        return self.frame.visible_keys(self.first, count)

    def _key_block(self, kb: Index, state: State) -> State:
        """Take a block of keys in."""
        b, plan, frame = self.b, self.plan, self.frame
        first = b.mul(kb, plan.block)
        count = b.min(plan.block, b.sub(frame.keys, first))
        if self.problem.op.causal is not None:
            seen = b.mul(b.ceildiv(b.sub(self._limit(), first), plan.mr), plan.mr)
            count = b.min(count, seen)
        if self.problem.mask_per_row:
            packed_mask(frame, self.batch, self.first, first, count)
        self._scores(first, count)
        peaks = adjust_scores(frame, self.batch, self.first, first, count, state.peaks)
        scales = factors(frame, state.peaks, peaks)
        totals = exponentials(frame, count, peaks)
        self._columns(first, count, scales)
        return State(peaks, [b.fma(old, scale, new) for old, scale, new in zip(state.totals, scales, totals, strict=True)])

    # -- scores = k @ q^T -----------------------------------------------------------------------------------------------------
    def _scores(self, first: Index, count: Index) -> None:
        """[count, nr] scores into scratch. The last rows overlap those before; a block that is too short goes row by row."""
        b, plan = self.b, self.plan
        steps = b.ceildiv(count, plan.mr)
        if plan.short_block:
            short = b.cmp("slt", count, plan.mr)
            b.for_(0, b.select(short, count, 0), lambda key, _: self._score_rows(first, key, 1))
            steps = b.select(short, 0, steps)

        def rows(step: Index) -> None:
            self._score_rows(first, b.min(b.mul(step, plan.mr), b.sub(count, plan.mr)), plan.mr)

        b.for_(0, steps, lambda step, _: rows(step))

    def _score_rows(self, first: Index, key: Index, rows: int) -> None:
        b, plan, k, micro = self.b, self.plan, self.problem.k, self.frame.micro(rows, adjacent=self.problem.k.column == ONE)
        at = b.add(self.k_start, b.mul(b.add(first, key), b.dim(k.row)))
        keys = b.view(self.frame.buffers[k.value], [rows, self.frame.depth], [b.dim(k.row), b.dim(k.column)], at)
        queries = b.view(self.frame.views["queries"], [self.frame.depth, plan.nr], [plan.nr, 1])
        sums = micro.accumulate(keys, queries, self.frame.depth, [], micro.zeros())
        to = b.mul(key, plan.nr)
        for index, value in enumerate(sums):
            b.vstore(value, self.frame.views["scores"], [b.add(to, index * plan.lanes)])

    # -- sums = sums * factor + v^T @ scores ----------------------------------------------------------------------------------
    def _columns(self, first: Index, count: Index, scales: Sequence[SSAValue]) -> None:
        """Add a block's keys to the sums of all columns."""
        b, dr, columns = self.b, self.plan.dr, self.problem.columns
        whole = columns // dr * dr
        b.for_(0, whole, lambda column, _: self._column_rows(first, count, scales, column, dr), step=dr)
        if whole < columns:
            self._column_rows(first, count, scales, whole, columns - whole)

    def _column_rows(self, first: Index, count: Index, scales: Sequence[SSAValue], column: Index, rows: int) -> None:
        b, plan, v, sums, micro = self.b, self.plan, self.problem.v, self.frame.views["sums"], self.frame.micro(rows)
        at = b.add(b.add(self.v_start, b.mul(first, b.dim(v.row))), b.mul(column, b.dim(v.column)))
        values = b.view(self.frame.buffers[v.value], [rows, count], [b.dim(v.column), b.dim(v.row)], at)
        scores = b.view(self.frame.views["scores"], [count, plan.nr], [plan.nr, 1])
        places = [b.add(b.mul(column, plan.nr), index * plan.lanes) for index in range(rows * plan.vectors)]
        old = micro.zeros()
        if not self.frame.one_block:
            old = [b.mulf(b.vload(sums, [p], plan.lanes), scales[i % plan.vectors]) for i, p in enumerate(places)]
        for place, value in zip(places, micro.accumulate(values, scores, count, [], old), strict=True):
            b.vstore(value, sums, [place])
