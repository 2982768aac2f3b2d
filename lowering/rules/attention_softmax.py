"""The softmax of an attention kernel, block by block of keys (Milakov and Gimelshein 2018): down columns of [keys, nr] scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ...dialects import arith
from ...dialects.graph.base import si64
from ..builder import Index
from ..definitions.attention import adjusted
from ..pointwise import softmax_exp
from ..values import Value
from .attention_frame import CHAINS, Frame
from .panels import Source, write_panel


@dataclass(frozen=True)
class State:
    """For each vector of queries the maximum of the scores so far, and the sum of exponentials of scores less that."""

    peaks: list[SSAValue]
    totals: list[SSAValue]

    @staticmethod
    def initial(frame: Frame) -> State:
        totals = frame.first_totals()
        return State([frame.b.const(-inf, t.type) for t in totals], totals)

    @staticmethod
    def of(values: Sequence[SSAValue]) -> State:
        half = len(values) // 2
        return State(list(values[:half]), list(values[half:]))

    @property
    def values(self) -> list[SSAValue]:
        return [*self.peaks, *self.totals]


def _value(frame: Frame, ssa: SSAValue) -> Value:
    return Value(frame.b, ssa, frame.problem.element)


def _larger(a: Value, b: Value) -> Value:
    """The maximum; a NaN that it loses shows in the sum of exponentials."""
    return b.gt(a).select(b, a)


def _finite(peak: Value) -> Value:
    """What is subtracted from scores: 0 where all of them are -inf, since -inf less -inf is no number."""
    return peak.eq(-inf).select(0.0, peak)


def _over_keys(
    frame: Frame, count: Index, inits: Sequence[SSAValue], visit: Callable[[Index, list[SSAValue], int], list[SSAValue]]
) -> list[SSAValue]:
    """`visit(key, carried, slot)` for each key of a block, in turns of CHAINS, `slot` being the key's number in its turn."""
    b = frame.b
    whole = b.mul(b.floordiv(count, CHAINS), CHAINS)

    def turn(key: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
        values = list(carried)
        for slot in range(CHAINS):
            values = visit(b.add(key, slot), values, slot)
        return values

    folded = b.for_(0, whole, turn, step=CHAINS, inits=inits)
    if isinstance(count, int) and count % CHAINS == 0:
        return folded
    return b.for_(whole, count, lambda key, carried: visit(key, list(carried), 0), inits=folded)


def packed_mask(frame: Frame, batch: list[Index], first: Index, key: Index, count: Index) -> None:
    """The mask of a block as [count, nr] in scratch."""
    b, plan, mask = frame.b, frame.plan, frame.problem.mask
    assert mask is not None
    row, column = b.dim(mask.row), b.dim(mask.column)
    at = b.add(b.add(frame.start(mask, batch), b.mul(first, row)), b.mul(key, column))
    source = Source(frame.buffers[mask.value], at, column, row, count, b.sub(frame.rows, first))
    write_panel(b, source, frame.views["mask"], 0, plan.nr, plan.lanes)


class _Adjustment:
    """What becomes of the scores of a block of queries before the softmax."""

    def __init__(self, frame: Frame, batch: list[Index], first: Index, key: Index) -> None:
        self.frame, self.b, self.key = frame, frame.b, key
        problem, plan = frame.problem, frame.plan
        self.op = problem.op
        self.mask_start = None if problem.mask is None or problem.mask_per_row else frame.start(problem.mask, batch)
        self.last: list[Value] = []
        if self.op.causal is not None:
            self.last = [self._last_key(first, v) for v in range(plan.vectors)]

    def _last_key(self, first: Index, v: int) -> Value:
        """The last key that each query of a vector sees."""
        b, lanes, causal = self.b, self.frame.plan.lanes, self.op.causal
        assert causal is not None
        if not self.frame.problem.advance:
            return self._splat(b.dim(causal.data))
        return self._splat(b.add(b.add(first, b.dim(causal.data)), v * lanes)) + Value(b, b.iota(i64, lanes), si64)

    def _splat(self, index: Index) -> Value:
        number = self.b.pure(arith.IndexCastOp, [self.b.index(index)], i64)
        return Value(self.b, self.b.broadcast(number, self.frame.plan.lanes), si64)

    def mask(self, key: Index, v: int) -> Value | None:
        """The mask of a key of the block for a vector of queries."""
        b, plan, mask = self.b, self.frame.plan, self.frame.problem.mask
        if mask is None:
            return None
        if self.mask_start is None:
            at = b.add(b.mul(key, plan.nr), v * plan.lanes)
            return _value(self.frame, b.vload(self.frame.views["mask"], [at], plan.lanes))
        at = b.add(self.mask_start, b.mul(b.add(self.key, key), b.dim(mask.column)))
        return _value(self.frame, b.broadcast(b.load(self.frame.buffers[mask.value], [at]), plan.lanes))

    def apply(self, score: Value, key: Index, v: int) -> Value:
        score = adjusted(self.op, score, self.mask(key, v))
        if self.op.causal is None:
            return score
        return self._splat(self.b.add(self.key, key)).le(self.last[v]).select(score, -inf)


def adjust_scores(
    frame: Frame, batch: list[Index], first: Index, key: Index, count: Index, peaks: Sequence[SSAValue]
) -> list[SSAValue]:
    """Softcap, mask and causal limit on a block of scores; the maxima of these and all before."""
    b, plan, scores, op = frame.b, frame.plan, frame.views["scores"], frame.problem.op
    plain = op.mask is None and op.causal is None and op.softcap.value.data == 0
    adjustment = _Adjustment(frame, batch, first, key)

    def visit(key: Index, carried: list[SSAValue], _: int) -> list[SSAValue]:
        result: list[SSAValue] = []
        for v, peak in enumerate(carried):
            at = b.add(b.mul(key, plan.nr), v * plan.lanes)
            score = _value(frame, b.vload(scores, [at], plan.lanes))
            if not plain:
                score = adjustment.apply(score, key, v)
                b.vstore(score.ssa, scores, [at])
            result.append(_larger(_value(frame, peak), score).ssa)
        return result

    return _over_keys(frame, count, peaks, visit)


def factors(frame: Frame, old: Sequence[SSAValue], new: Sequence[SSAValue]) -> list[SSAValue]:
    """What sums of exponentials less the old maxima are worth less the new ones."""
    pairs = [(_value(frame, a), _finite(_value(frame, b))) for a, b in zip(old, new, strict=True)]
    return [softmax_exp(a - b).ssa for a, b in pairs]


def exponentials(frame: Frame, count: Index, peaks: Sequence[SSAValue]) -> list[SSAValue]:
    """Scores of a block become exponentials of themselves less the maximum; their sums over the keys of the block."""
    b, plan, scores = frame.b, frame.plan, frame.views["scores"]
    shifts = [_finite(_value(frame, p)) for p in peaks]
    zeros, hidden = frame.micro(1).zeros(), b.const(-inf, peaks[0].type)
    padded = b.mul(b.ceildiv(count, CHAINS), CHAINS)
    # Keys past the last one keep every chain's keys in the same places, however many keys are left out.
    b.for_(b.mul(count, plan.nr), b.mul(padded, plan.nr), lambda at, _: b.vstore(hidden, scores, [at]), step=plan.lanes)

    def visit(key: Index, carried: list[SSAValue], slot: int) -> list[SSAValue]:
        for v, shift in enumerate(shifts):
            at = b.add(b.mul(key, plan.nr), v * plan.lanes)
            power = softmax_exp(_value(frame, b.vload(scores, [at], plan.lanes)) - shift)
            b.vstore(power.ssa, scores, [at])
            place = slot * plan.vectors + v
            carried[place] = b.addf(carried[place], power.ssa)
        return carried

    parts = _over_keys(frame, padded, zeros * CHAINS, visit)
    totals = parts[: plan.vectors]
    for slot in range(1, CHAINS):
        totals = [b.addf(t, p) for t, p in zip(totals, parts[slot * plan.vectors :], strict=False)]
    return totals
