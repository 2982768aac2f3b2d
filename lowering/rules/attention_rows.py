"""Attention for few queries: rows of scores with keys in the lanes of vectors.

A vector of queries would be mostly empty here. So a block of keys is packed into panels, as a contraction does it, and the scores
of each query are a row; values are read in place where that can be. All sums have the order that they have in `attention_loops`:
products over depth and over keys are chains, and exponentials are added in four chains, by the key's number modulo 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from xdsl.ir import SSAValue

from ...dialects.graph.base import i1
from ..builder import Index
from ..definitions.attention import adjusted, finish
from ..loop_types import vector_type
from ..pointwise import softmax_exp
from ..shuffles import extract, shuffle
from ..strided import ONE
from ..values import Value
from .attention_frame import CHAINS, Frame
from .panels import Source, write_panel


class FewQueries:
    """The queries from row `first` on, `count` of them: no more than the plan's `few`."""

    def __init__(self, frame: Frame, batch: list[Index], first: Index, count: Index) -> None:
        self.frame, self.b, self.plan, self.problem = frame, frame.b, frame.plan, frame.problem
        self.batch, self.first, self.count = batch, first, count
        self.lanes = frame.plan.lanes
        self.padded = self.b.mul(self.b.ceildiv(count, frame.plan.rr), frame.plan.rr)

    def emit(self) -> None:
        b, plan = self.b, self.plan
        b.for_(0, self.padded, lambda row, _: self._start(row))
        blocks = b.ceildiv(self.frame.visible_keys(self.first, self.count), plan.block)
        b.for_(0, blocks, lambda kb, _: self._key_block(b.mul(kb, plan.block)))
        self._rows(self._store)

    def _rows(self, visit: Callable[[Index], None]) -> None:
        self.b.for_(0, self.count, lambda row, _: visit(row))

    def _row_blocks(self, visit: Callable[[Index], None]) -> None:
        """Visit the first row of each register block; the last one may hold rows that repeat the last query."""
        self.b.for_(0, self.padded, lambda row, _: visit(row), step=self.plan.rr)

    def _columns(self, visit: Callable[[Index], None], count: Index) -> None:
        """Visit every vector of so many elements."""
        self.b.for_(0, count, lambda at, _: visit(at), step=self.lanes)

    # -- what is kept for each query --------------------------------------------------------------------------------------------
    def _vector(self, region: str, at: Index) -> Value:
        return self._value(self.b.vload(self.frame.views[region], [at], self.lanes))

    def _value(self, ssa: SSAValue) -> Value:
        return Value(self.b, ssa, self.problem.element)

    def _number(self, number: float) -> Value:
        return self._value(self.b.const(number, vector_type(self.problem.element, self.lanes)))

    def _keep(self, value: Value, region: str, at: Index) -> None:
        self.b.vstore(value.ssa, self.frame.views[region], [at])

    def _start(self, row: Index) -> None:
        """A query as a row of scratch, times the scale; nothing summed so far."""
        b, q, depth = self.b, self.problem.q, self.frame.depth
        query = b.mul(row, depth)
        if not self.frame.one_block:
            self._clear(row)
        existing = b.min(b.add(self.first, row), b.sub(self.frame.rows, 1))
        start = b.add(self.frame.start(q, self.batch), b.mul(existing, b.dim(q.row)))

        def vector(k: Index) -> None:
            loaded = self._value(b.vload(self.frame.buffers[q.value], [b.add(start, k)], self.lanes))
            self._keep(loaded * self.problem.op.scale.value.data, "row_queries", b.add(query, k))

        def element(k: Index) -> None:
            loaded = self._value(b.load(self.frame.buffers[q.value], [b.add(start, b.mul(k, b.dim(q.column)))]))
            scaled = loaded * self.problem.op.scale.value.data
            b.store(scaled.ssa, self.frame.views["row_queries"], [b.add(query, k)])

        whole = b.mul(b.floordiv(depth, self.lanes), self.lanes) if q.column == ONE else 0
        b.for_(0, whole, lambda k, _: vector(k), step=self.lanes)
        b.for_(whole, depth, lambda k, _: element(k))

    def _clear(self, row: Index) -> None:
        b, zero, padded = self.b, self._number(0.0), self.plan.padded_columns
        at, sums = b.mul(row, self.lanes), b.mul(row, padded)
        self._keep(self._number(-inf), "row_peaks", at)
        self._keep(self._value(self.frame.first_totals()[0]), "row_totals", at)
        self._keep(zero, "row_factors", at)
        self._columns(lambda c: self._keep(zero, "row_sums", b.add(sums, c)), padded)

    # -- a block of keys --------------------------------------------------------------------------------------------------------
    def _key_block(self, first: Index) -> None:
        b, plan = self.b, self.plan
        count = b.min(plan.block, b.sub(self.frame.keys, first))
        self._panels(first, count)
        if not plan.values_in_place:
            v = self.problem.v
            at = b.add(self.frame.start(v, self.batch), b.mul(first, b.dim(v.row)))
            source = Source(self.frame.buffers[v.value], at, b.dim(v.row), b.dim(v.column), count, self.problem.columns)
            write_panel(b, source, self.frame.views["row_values"], 0, plan.padded_columns, self.lanes)
        self._rows(lambda row: self._take(row, first, count))
        self._add_values(first, count)

    def _panels(self, first: Index, count: Index) -> None:
        """The scores for whole panels of keys, the last of which is one vector wide where that holds the rest."""
        b, wide, narrow = self.b, self.plan.key_panel, self.lanes
        end = count
        if self.plan.narrow_panel:
            whole = b.mul(b.floordiv(count, wide), wide)
            end = b.select(b.cmp("sle", b.sub(count, whole), narrow), whole, count)
            b.for_(end, count, lambda key, _: self._panel(first, key, count, narrow), step=narrow)
        b.for_(0, end, lambda key, _: self._panel(first, key, count, wide), step=wide)

    def _panel(self, first: Index, key: Index, count: Index, width: int) -> None:
        """The scores of all queries for a panel of so many keys."""
        b, plan, k, depth = self.b, self.plan, self.problem.k, self.frame.depth
        at = b.add(self.frame.start(k, self.batch), b.mul(b.add(first, key), b.dim(k.row)))
        source = Source(self.frame.buffers[k.value], at, b.dim(k.column), b.dim(k.row), depth, b.sub(count, key))
        write_panel(b, source, self.frame.views["row_keys"], 0, width, self.lanes)
        panel = b.view(self.frame.views["row_keys"], [depth, width], [width, 1])
        vectors = width // self.lanes
        micro = self.frame.micro(plan.rr, vectors, adjacent=True)

        def scores(row: Index) -> None:
            queries = b.view(self.frame.views["row_queries"], [plan.rr, depth], [depth, 1], b.mul(row, depth))
            to = b.add(b.mul(row, plan.padded_keys), key)
            for index, value in enumerate(micro.accumulate(queries, panel, depth, [], micro.zeros())):
                below, right = divmod(index, vectors)
                self._keep(self._value(value), "row_scores", b.add(to, below * plan.padded_keys + right * self.lanes))

        self._row_blocks(scores)

    def _take(self, row: Index, first: Index, count: Index) -> None:
        """Take the scores of a query for a block of keys in."""
        b, plan = self.b, self.plan
        at, start = b.mul(row, self.lanes), b.mul(row, plan.padded_keys)
        one = self.frame.one_block
        old = self._number(-inf) if one else self._vector("row_peaks", at)
        peak = self._adjust(row, first, count, old)
        shift = peak.eq(-inf).select(0.0, peak)
        self._columns(
            lambda key: self._keep(
                softmax_exp(self._vector("row_scores", b.add(start, key)) - shift), "row_scores", b.add(start, key)
            ),
            count,
        )
        total = self._value(b.broadcast(self._total(start, count), self.lanes))
        if one:
            self._keep(total, "row_totals", at)
            return
        factor = softmax_exp(old - shift)
        self._keep(peak, "row_peaks", at)
        self._keep(self._vector("row_totals", at).fma(factor, total), "row_totals", at)
        self._keep(factor, "row_factors", at)

    def _adjust(self, row: Index, first: Index, count: Index, peak: Value) -> Value:
        """Softcap, mask and causal limit; -inf past the last key. The maximum, in all lanes."""
        b, op = self.b, self.problem.op
        start = b.mul(row, self.plan.padded_keys)
        causal = None
        if op.causal is not None:
            query = b.add(self.first, row) if self.problem.advance else 0
            causal = b.sub(b.add(b.add(query, b.dim(op.causal.data)), 1), first)
        limit = count if causal is None else b.max(b.min(count, causal), 0)

        def visit(key: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
            score = adjusted(
                op, self._vector("row_scores", b.add(start, key)), self._mask(row, b.add(first, key), b.sub(count, key))
            )
            score = self._before(key, limit).select(score, -inf)
            self._keep(score, "row_scores", b.add(start, key))
            best = self._value(carried[0])
            return [score.gt(best).select(score, best).ssa]

        best = self._value(b.for_(0, count, visit, step=self.lanes, inits=[peak.ssa])[0])
        distance = self.lanes // 2
        while distance:
            other = best.of(shuffle(b, best.ssa, best.ssa, [lane ^ distance for lane in range(self.lanes)]))
            best, distance = other.gt(best).select(other, best), distance // 2
        return best

    def _before(self, key: Index, limit: Index) -> Value:
        """Which lanes from `key` on come before `limit`."""
        b = self.b
        return Value(b, b.lane_mask(b.max(b.sub(limit, key), 0), self.lanes), i1)

    def _mask(self, row: Index, key: Index, left: Index) -> Value | None:
        b, mask = self.b, self.problem.mask
        if mask is None:
            return None
        start = b.add(self.frame.start(mask, self.batch), b.mul(b.add(self.first, row), b.dim(mask.row)))
        if mask.column == ONE:
            exists = b.lane_mask(left, self.lanes)
            return self._value(b.vload(self.frame.buffers[mask.value], [b.add(start, key)], self.lanes, exists))
        return self._value(b.broadcast(b.load(self.frame.buffers[mask.value], [start]), self.lanes))

    def _total(self, start: Index, count: Index) -> SSAValue:
        """The sum of a row of exponentials, in CHAINS chains."""
        b, view = self.b, self.frame.views["row_scores"]
        zero = b.const(0.0, vector_type(self.problem.element, CHAINS))
        sums = b.for_(0, count, lambda k, c: [b.addf(c[0], b.vload(view, [b.add(start, k)], CHAINS))], step=CHAINS, inits=[zero])
        total = extract(b, sums[0], 0)
        for chain in range(1, CHAINS):
            total = b.addf(total, extract(b, sums[0], chain))
        return total

    def _add_values(self, first: Index, count: Index) -> None:
        """sums = sums * factor + exponentials @ values"""
        b, plan, v, padded = self.b, self.plan, self.problem.v, self.plan.padded_columns
        source, step, start = self.frame.views["row_values"], padded, b.index(0)
        if plan.values_in_place:
            source, step = self.frame.buffers[v.value], b.dim(v.row)
            start = b.add(self.frame.start(v, self.batch), b.mul(first, step))
        widest = plan.key_vectors * self.lanes
        for column in range(0, padded, widest):
            width = min(widest, padded - column)
            values = b.view(source, [count, width], [step, 1], b.add(start, column))
            self._row_blocks(lambda row, v=values, c=column, w=width: self._add_columns(row, count, v, c, w // self.lanes))

    def _add_columns(self, row: Index, count: Index, values: SSAValue, column: int, vectors: int) -> None:
        b, plan = self.b, self.plan
        micro = self.frame.micro(plan.rr, vectors, adjacent=True)
        powers = b.view(self.frame.views["row_scores"], [plan.rr, count], [plan.padded_keys, 1], b.mul(row, plan.padded_keys))
        start = b.add(b.mul(row, plan.padded_columns), column)
        places = [b.add(start, r * plan.padded_columns + i * self.lanes) for r in range(plan.rr) for i in range(vectors)]
        old = micro.zeros()
        if not self.frame.one_block:
            factors = [self._vector("row_factors", b.mul(b.add(row, r), self.lanes)) for r in range(plan.rr)]
            old = [(self._vector("row_sums", place) * factors[i // vectors]).ssa for i, place in enumerate(places)]
        for place, value in zip(places, micro.accumulate(powers, values, count, [], old), strict=True):
            self._keep(self._value(value), "row_sums", place)

    def _store(self, row: Index) -> None:
        b, out = self.b, self.problem.out
        total = self._vector("row_totals", b.mul(row, self.lanes))
        inverse = 1.0 / total
        start = b.add(self.frame.start(out, self.batch), b.mul(b.add(self.first, row), b.dim(out.row)))

        def vector(column: Index) -> None:
            weighted = self._vector("row_sums", b.add(b.mul(row, self.plan.padded_columns), column)) * inverse
            exists = b.lane_mask(b.sub(self.problem.columns, column), self.lanes)
            b.vstore(finish(self.problem.op, total, weighted).ssa, self.frame.buffers[out.value], [b.add(start, column)], exists)

        self._columns(vector, self.problem.columns)
