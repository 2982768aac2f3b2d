"""How each reduction-like op sweeps: folds over the reduced dims, then values at the kept ones or at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from xdsl.dialects import math
from xdsl.dialects.builtin import f64, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import arith, graph
from ...dialects.graph.base import flag, integer, si64
from ...dialects.graph.types import element_of
from ..builder import Index
from ..casts import cast
from ..column_fold import slots
from ..evaluate import Point
from ..frame import Frame
from ..loop_types import bit_width, integer_width
from ..pointwise import softmax_exp
from ..reducers import REDUCERS, Reducer, initial_of
from ..sweep import Combine, Start, Sweep, Values
from ..values import Value, register_type, shaped
from .reduction_problem import Problem

SOFTMAXES = (graph.SoftmaxOp, graph.LogSoftmaxOp)
SUM, SQUARES, MAX = REDUCERS["sum"], REDUCERS["sum_square"], REDUCERS["max"]
# A NaN shows in the sum of exponentials whichever way the maximum treats it, so the cheap maximum will do.
PEAK = Reducer(-inf, MAX.take, lambda a, b: b.gt(a).select(b, a), exact=True)

COLUMN_VECTORS = 4
"""Vectors of columns that go down together: a few lines of memory at a time, and independent sums."""

Points = Sequence[Point]
At = Callable[[Point, int], Value]
"""A value at a point of a sweep; the number says which starting point it belongs to."""


def partial_bytes(problem: Problem, lanes: int) -> int:
    """Scratch memory for what is folded so far of columns; integers may be folded as f64."""
    element = problem.x.element
    width = 8 if integer_width(element) is not None else bit_width(register_type(element)) // 8
    return 0 if problem.rows else slots(lanes) * lanes * COLUMN_VECTORS * width


@dataclass
class Run:
    """What an anchor needs to emit its code."""

    frame: Frame
    problem: Problem
    sweep: Sweep
    scratch_start: int

    def x(self, point: Point, _: int = 0) -> Value:
        return self.frame.evaluator.typed(self.problem.x, point)

    def param(self, number: int, point: Point) -> Value:
        """An operand after x; what it does not depend on in the point does not matter."""
        return self.frame.evaluator.typed(self.problem.params[number], point)

    def fold(self, points: Points, reducer: Reducer, at: At, element: Attribute | None = None) -> list[Value]:
        """A reduction for each starting point, `finish` not applied."""
        element = element or self.problem.x.element
        start = Start(initial_of(reducer, element), element)
        if reducer.exact or integer_width(element) is not None:
            combine: Combine = lambda old, new: [reducer.combine(old[0], new[0])]  # noqa: E731
            folded = self.sweep.fold(points, [start], lambda p, k: [reducer.take(at(p, k))], combine)
            return [values[0] for values in folded]
        memory = lambda: self._partials(register_type(element))  # noqa: E731
        return self.sweep.fold_in_order(points, start, lambda p, k: reducer.take(at(p, k)), reducer.combine, memory)

    def count(self, like: Value) -> Value:
        return cast(self.index(self.sweep.count, like.lanes), like.element)

    def index(self, index: Index, lanes: int = 0) -> Value:
        """An index as si64, the same in all lanes."""
        b = self.frame.b
        number = b.pure(arith.IndexCastOp, [b.index(index)], i64)
        return Value(b, b.broadcast(number, lanes) if lanes else number, si64)

    def spread(self, value: Value, point: Point) -> Value:
        """A value of a starting point for a point of its sweep: broadcast, in rows."""
        wanted = point.lanes and not value.lanes
        return value.of(self.frame.b.broadcast(value.ssa, point.lanes)) if wanted else value

    def store(self, point: Point, anchor: Value) -> None:
        """Apply what comes after the anchor, whose value at the point is given, and store the result."""
        evaluator, tree = self.frame.evaluator, self.problem.tree
        evaluator.bound[self.problem.anchor.results[0]] = lambda _: anchor.ssa
        evaluator.store(evaluator.value(tree.root, point), tree.target, point)

    def store_folded(self, points: Points, values: Values) -> None:
        """Store a value for each starting point: once, or at every element of its sweep where the result has the dims of x."""
        if not self.problem.full:
            for point, value in zip(points, values, strict=True):
                self.store(point, value)
        else:
            self.sweep.each(points, lambda p, k: self.store(p, values[k]))

    # -- memory for one sweep: what is folded so far of columns, then what `keep` is told ---------------------------------------
    def _partials(self, element: Attribute) -> SSAValue:
        lanes = self.sweep.vectors.lanes
        return self.frame.b.scratch_view(self.frame.b.scratch, self.scratch_start, slots(lanes) * lanes * COLUMN_VECTORS, element)

    def _kept(self, element: Attribute) -> SSAValue:
        b = self.frame.b
        lanes = self.sweep.vectors.lanes
        width = 1 if self.problem.rows else lanes * COLUMN_VECTORS
        start = self.scratch_start + partial_bytes(self.problem, lanes)
        return b.scratch_view(b.scratch, start, b.mul(self.sweep.count, width), element)

    def _place(self, point: Point, number: int) -> Index:
        b, lanes = self.frame.b, self.sweep.vectors.lanes
        if self.problem.rows:
            return self.sweep.position(point)
        return b.mul(b.add(b.mul(self.sweep.count, number), self.sweep.position(point)), lanes)

    def keep(self, value: Value, point: Point, number: int) -> None:
        """Remember a value of a point of the sweep in scratch memory."""
        b, view, place = self.frame.b, self._kept(register_type(value.element)), self._place(point, number)
        if point.lanes:
            b.vstore(value.ssa, view, [place], point.mask)
        else:
            b.store(value.ssa, view, [place])

    def kept(self, point: Point, number: int, element: Attribute) -> Value:
        """What was remembered."""
        b, view, place = self.frame.b, self._kept(register_type(element)), self._place(point, number)
        loaded = b.vload(view, [place], point.lanes, point.mask) if point.lanes else b.load(view, [place])
        return Value(b, loaded, element)


def emit_anchor(run: Run, points: Points) -> None:
    """The code that sweeps from these points."""
    _EMITTERS[type(run.problem.anchor)](run, run.problem.anchor, points)


def _reduce(run: Run, op: graph.ReduceOp, points: Points) -> None:
    if op.kind.data == "log_sum_exp":
        return _log_sum_exp(run, points)
    reducer, element = REDUCERS[op.kind.data], run.problem.x.element
    wide = reducer.element(element)
    totals = run.fold(points, reducer, lambda p, k: cast(run.x(p), wide), wide)
    run.store_folded(points, [cast(reducer.finish(t, run.count(t)), element) for t in totals])


def _log_sum_exp(run: Run, points: Points) -> None:
    element = run.problem.x.element
    floating = element if integer_width(element) is None else f64
    peaks = [cast(p, floating) for p in run.fold(points, PEAK, run.x)]
    peaks = [abs(p).eq(inf).select(0.0, p) for p in peaks]

    def power(p: Point, k: int) -> Value:
        return (cast(run.x(p), floating) - run.spread(peaks[k], p)).math(math.ExpOp)

    totals = run.fold(points, SUM, power, floating)
    run.store_folded(points, [cast(t.math(math.LogOp) + p, element) for t, p in zip(totals, peaks, strict=True)])


def _arg_reduce(run: Run, op: graph.ArgReduceOp, points: Points) -> None:
    reducer, element = REDUCERS[op.kind.data], run.problem.x.element
    better, last = ("gt" if op.kind.data == "max" else "lt"), flag(op.select_last_index)

    def combine(old: Values, new: Values) -> Values:
        # Lanes meet out of order, so a tie goes by the index.
        tie = new[0].eq(old[0]) & new[1].compare("gt" if last else "lt", old[1])
        wins = new[0].compare(better, old[0]) | tie
        return [wins.select(n, o) for n, o in zip(new, old, strict=True)]

    def take(point: Point, _: int) -> Values:
        where = run.index(run.sweep.position(point), point.lanes)
        if point.lanes and run.problem.rows:
            where = where + where.of(run.frame.b.iota(i64, point.lanes))
        return [run.x(point), where]

    # A start that no element beats or equals must still give an index inside.
    starts = [Start(initial_of(reducer, element), element), Start(-1 if last else 2**62, si64)]
    found = [values[1] for values in run.sweep.fold(points, starts, take, combine)]
    run.store_folded(points, [i.eq(starts[1].number).select(0, i) for i in found])


def _softmax(run: Run, op: graph.SoftmaxOp | graph.LogSoftmaxOp, points: Points) -> None:
    is_log, element = isinstance(op, graph.LogSoftmaxOp), run.problem.x.element
    peaks = run.fold(points, PEAK, run.x)

    def power(p: Point, k: int) -> Value:
        shifted = run.x(p) - run.spread(peaks[k], p)
        powered = softmax_exp(shifted)
        run.keep(shifted if is_log else powered, p, k)
        return powered

    totals = run.fold(points, SUM, power)
    scales = [t.math(math.LogOp) if is_log else 1.0 / t for t in totals]

    def finish(p: Point, k: int) -> None:
        value, scale = run.kept(p, k, element), run.spread(scales[k], p)
        run.store(p, value - scale if is_log else value * scale)

    run.sweep.each(points, finish, unroll=2)


def _normalize(run: Run, points: Points, epsilon: float, centre: bool) -> Callable[[Point, int], Value]:
    """(x - mean) / sqrt(variance + epsilon) at a point, or without the mean."""
    means = [t / run.count(t) for t in run.fold(points, SUM, run.x)] if centre else None

    def centred(p: Point, k: int) -> Value:
        return run.x(p) if means is None else run.x(p) - run.spread(means[k], p)

    squares = run.fold(points, SQUARES, centred)
    scales = [1.0 / (s / run.count(s) + epsilon).math(math.SqrtOp) for s in squares]
    return lambda p, k: centred(p, k) * run.spread(scales[k], p)


def _affine_norm(run: Run, op: Any, points: Points) -> None:
    """layer_norm, rms_norm, instance_norm, group_norm: normalised, times scale, plus bias if there is one."""
    normal = _normalize(run, points, op.epsilon.value.data, centre=not isinstance(op, graph.RmsNormOp))

    def finish(p: Point, k: int) -> None:
        value = normal(p, k) * run.param(0, p)
        run.store(p, value + run.param(1, p) if len(run.problem.params) > 1 else value)

    run.sweep.each(points, finish, unroll=2)


def _lp_normalize(run: Run, op: graph.LpNormalizeOp, points: Points) -> None:
    reducer = REDUCERS["l1" if integer(op.p) == 1 else "l2"]
    norms = [reducer.finish(t, t) for t in run.fold(points, reducer, run.x)]

    def finish(p: Point, k: int) -> None:
        norm = run.spread(norms[k], p)
        run.store(p, norm.eq(0.0).select(0.0, run.x(p) / norm))

    run.sweep.each(points, finish)


def _cumulative(run: Run, op: graph.CumsumOp | graph.CumprodOp, points: Points) -> None:
    """One element after the other, for all lanes of the points."""
    b, (axis,) = run.frame.b, run.sweep.axes or (-1,)
    element, reducer = element_of(op.x), REDUCERS["sum" if isinstance(op, graph.CumsumOp) else "prod"]
    if axis < 0:
        for point in points:
            run.store(point, run.x(point).like(reducer.initial) if flag(op.exclusive) else run.x(point))
        return
    first = int(reducer.initial) if integer_width(element) else float(reducer.initial)
    starts = [Value(b, b.const(first, shaped(register_type(element), p.lanes)), element) for p in points]

    def step(at: tuple[Index, ...], carried: list[Value]) -> Values:
        index = b.sub(b.sub(run.sweep.sizes[axis], 1), at[0]) if flag(op.reverse) else at[0]
        sums: list[Value] = []
        for point, total in zip(points, carried, strict=True):
            here = point.at(axis, index)
            sums.append(reducer.combine(total, run.x(here)))
            run.store(here, total if flag(op.exclusive) else sums[-1])
        return sums

    run.sweep.carry([axis], starts, step)


_EMITTERS: dict[type[Operation], Callable[[Run, Any, Points], None]] = {
    graph.ReduceOp: _reduce,
    graph.ArgReduceOp: _arg_reduce,
    graph.SoftmaxOp: _softmax,
    graph.LogSoftmaxOp: _softmax,
    graph.LayerNormOp: _affine_norm,
    graph.RmsNormOp: _affine_norm,
    graph.InstanceNormOp: _affine_norm,
    graph.GroupNormOp: _affine_norm,
    graph.LpNormalizeOp: _lp_normalize,
    graph.CumsumOp: _cumulative,
    graph.CumprodOp: _cumulative,
}
