"""Sweeps over the reduced dims of an iteration space: folding them into a few values, and visiting them again.

A sweep starts at points that fix the kept dims. When the innermost dim is reduced ("rows"), there is one point, without lanes,
and the sweep runs vectors along that dim. When it is kept ("columns"), the points are vectors of kept elements, and the sweep
steps through the reduced dims one by one.

The order of a fold is fixed by the reduced extents and the width of a vector: `RUNNING` running vectors in turn, combined in
pairs, then halved until one lane is left. Columns are folded in the same order (`column_fold.py`) where it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.base import i1
from .builder import Index, KernelBuilder
from .column_fold import RUNNING, ColumnFold
from .evaluate import Point
from .nest import Vectors, loops, vector_loop
from .shuffles import extract, shuffle
from .values import Value, lanes_of, register_type, shaped

Values = Sequence[Value]
Take = Callable[[Point, int], Values]
"""What is folded of a point of the sweep; the number says which of the starting points it belongs to."""
Combine = Callable[[Values, Values], Values]
"""What is folded so far with what comes later."""


@dataclass(frozen=True)
class Start:
    """A number that a fold starts from, and the graph element type of what it carries."""

    number: float | int
    element: Attribute


@dataclass(frozen=True)
class Sweep:
    """The reduced dims `axes` of a space of `sizes`, walked by `vectors` if they end with the innermost dim."""

    b: KernelBuilder
    sizes: Sequence[Index]
    axes: Sequence[int]
    vectors: Vectors

    @property
    def rows(self) -> bool:
        return bool(self.axes) and self.axes[-1] == len(self.sizes) - 1

    @property
    def count(self) -> Index:
        """How many elements are reduced."""
        total: Index = 1
        for axis in self.axes:
            total = self.b.mul(total, self.sizes[axis])
        return total

    def position(self, point: Point) -> Index:
        """The number of a point among the reduced elements, row-major."""
        linear: Index = 0
        for axis in self.axes:
            linear = self.b.add(self.b.mul(linear, self.sizes[axis]), point.indices[axis])
        return linear

    # -- visiting -------------------------------------------------------------------------------------------------------------
    def each(self, points: Sequence[Point], body: Callable[[Point, int], None], unroll: int = 1) -> None:
        """Call `body` at every reduced element."""
        outer = self.axes[:-1] if self.rows else self.axes
        spans: list[tuple[Index, Index]] = [(0, self.sizes[a]) for a in outer]
        loops(self.b, spans, lambda at: self._visit([_moved(p, outer, at) for p in points], body, unroll))

    def _visit(self, points: Sequence[Point], body: Callable[[Point, int], None], unroll: int) -> None:
        if not self.rows:
            for number, point in enumerate(points):
                body(point, number)
            return
        (point,), last = points, len(self.sizes) - 1

        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            body(Point(point.at(last, i).indices, last, lanes, mask), 0)

        vectors = Vectors(self.vectors.lanes, unroll, self.vectors.masked)
        vector_loop(self.b, 0, self.sizes[last], vectors, step)

    # -- folding --------------------------------------------------------------------------------------------------------------
    def fold(self, points: Sequence[Point], starts: Sequence[Start], take: Take, combine: Combine) -> list[list[Value]]:
        """What is left of each starting point: values that fit it, scalars in rows. Columns go one by one, in any order."""
        if self.rows:
            return [_Row(self, points[0], starts, take, combine).fold()]
        flat = [self._start(s, p.lanes) for p in points for s in starts]
        width = len(starts)

        def step(at: Sequence[Index], carried: Values) -> list[Value]:
            taken = [v for number, point in enumerate(points) for v in take(_moved(point, self.axes, at), number)]
            ends = range(0, len(flat), width)
            return [v for i in ends for v in combine(carried[i : i + width], taken[i : i + width])]

        folded = self.carry(self.axes, flat, step)
        return [folded[i * width : (i + 1) * width] for i in range(len(points))]

    def fold_in_order(
        self,
        points: Sequence[Point],
        start: Start,
        take: Callable[[Point, int], Value],
        combine: Callable[[Value, Value], Value],
        memory: Callable[[], SSAValue],
    ) -> list[Value]:
        """`fold` of one value, in the order of rows in columns, too; `memory` is where `ColumnFold` keeps its values."""
        if self.rows or not self.axes:
            folded = self.fold(points, [start], lambda p, k: [take(p, k)], lambda old, new: [combine(old[0], new[0])])
            return [values[0] for values in folded]
        vectors, (*outer, last) = self.vectors, self.axes
        columns = ColumnFold(
            self.b, vectors.lanes, vectors.masked, points, lambda n: self._start(start, n), take, combine, memory()
        )
        return columns.fold([(a, self.sizes[a]) for a in outer], last, self.sizes[last])

    def _start(self, start: Start, lanes: int) -> Value:
        kind = shaped(register_type(start.element), lanes)
        return Value(self.b, self.b.const(start.number, kind), start.element)

    def carry(self, axes: Sequence[int], inits: Values, body: Callable[[tuple[Index, ...], list[Value]], Values]) -> list[Value]:
        """Loops over some dims that carry values."""

        def nest(done: tuple[Index, ...], carried: Sequence[SSAValue]) -> list[SSAValue]:
            if len(done) == len(axes):
                return _ssas(body(done, _typed(inits, carried)))
            return self.b.for_(0, self.sizes[axes[len(done)]], lambda i, inner: nest((*done, i), inner), inits=carried)

        return _typed(inits, nest((), _ssas(inits)))


def _ssas(values: Values) -> list[SSAValue]:
    return [v.ssa for v in values]


def _typed(like: Values, ssas: Sequence[SSAValue]) -> list[Value]:
    return [v.of(s) for v, s in zip(like, ssas, strict=True)]


def _moved(point: Point, axes: Sequence[int], indices: Sequence[Index]) -> Point:
    for axis, index in zip(axes, indices, strict=True):
        point = point.at(axis, index)
    return point


@dataclass(frozen=True)
class _Row:
    """The fold of one row: running vectors first, what is left masked (or one by one), then the lanes."""

    sweep: Sweep
    point: Point
    starts: Sequence[Start]
    take: Take
    combine: Combine

    def fold(self) -> list[Value]:
        sweep, lanes = self.sweep, self.sweep.vectors.lanes
        width, outer = len(self.starts), sweep.axes[:-1]
        # The running vectors, and where nothing is masked a scalar for what is left of a row.
        inits = [sweep._start(s, lanes) for _ in range(RUNNING) for s in self.starts]  # pyright: ignore[reportPrivateUsage]
        if not sweep.vectors.masked:
            inits += [sweep._start(s, 0) for s in self.starts]  # pyright: ignore[reportPrivateUsage]
        carried = sweep.carry(outer, inits, lambda at, c: self._inner(_moved(self.point, outer, at), c))
        parts = [carried[i * width : (i + 1) * width] for i in range(RUNNING)]
        if carried[width].ssa is inits[width].ssa:
            parts = parts[:1]  # the others have nothing to add
        while len(parts) > 1:
            parts = [list(self.combine(a, c)) for a, c in zip(parts[::2], parts[1::2], strict=True)]
        folded = self._halved(parts[0])
        return folded if sweep.vectors.masked else list(self.combine(folded, carried[RUNNING * width :]))

    def _inner(self, point: Point, carried: list[Value]) -> list[Value]:
        """One run along the innermost dim."""
        b, extent = self.sweep.b, self.sweep.sizes[-1]
        lanes, width = self.sweep.vectors.lanes, len(self.starts)
        running = RUNNING * width
        stop = self._loop(0, extent, lanes * RUNNING, carried, 0, running, lambda i, c: self._turn(point, i, c))
        if self.sweep.vectors.masked:
            self._loop(stop, extent, lanes, carried, 0, width, lambda i, c: self._masked(point, i, b.sub(extent, i), c), True)
            return carried
        stop = self._loop(stop, extent, lanes, carried, 0, width, lambda i, c: self._step(point, i, lanes, c))
        self._loop(stop, extent, 1, carried, running, running + width, lambda i, c: self._step(point, i, 0, c))
        return carried

    def _loop(
        self,
        start: Index,
        end: Index,
        step: int,
        carried: list[Value],
        first: int,
        last: int,
        body: Callable[[Index, list[Value]], Values],
        ragged: bool = False,
    ) -> Index:
        """A loop of whole steps (or `ragged`: of all) that carries some of the values; returns where it stopped."""
        b = self.sweep.b
        stop = end if ragged else b.add(start, b.mul(b.floordiv(b.sub(end, start), step), step))
        if isinstance(start, int) and isinstance(stop, int) and start >= stop:
            return stop
        part = carried[first:last]
        if isinstance(start, int) and isinstance(stop, int) and stop - start <= step:
            carried[first:last] = body(start, part)
            return stop
        results = b.for_(
            start,
            stop,
            lambda i, c: _ssas(body(i, _typed(part, c))),
            step=step,
            inits=_ssas(part),
        )
        carried[first:last] = _typed(part, results)
        return stop

    def _at(self, point: Point, index: Index, lanes: int, mask: SSAValue | None = None) -> Point:
        last = len(self.sweep.sizes) - 1
        return Point(point.at(last, index).indices, last if lanes else -1, lanes, mask)

    def _turn(self, point: Point, index: Index, carried: list[Value]) -> list[Value]:
        b, lanes, width = self.sweep.b, self.sweep.vectors.lanes, len(self.starts)
        taken = [self.take(self._at(point, b.add(index, k * lanes), lanes), 0) for k in range(RUNNING)]
        parts = [carried[k * width : (k + 1) * width] for k in range(RUNNING)]
        return [v for part, values in zip(parts, taken, strict=True) for v in self.combine(part, values)]

    def _step(self, point: Point, index: Index, lanes: int, carried: list[Value]) -> Values:
        return self.combine(carried, self.take(self._at(point, index, lanes), 0))

    def _masked(self, point: Point, index: Index, left: Index, carried: list[Value]) -> list[Value]:
        b, lanes = self.sweep.b, self.sweep.vectors.lanes
        mask = b.lane_mask(left, lanes)
        combined = self.combine(carried, self.take(self._at(point, index, lanes, mask), 0))
        return [Value(b, mask, i1).select(new, old) for new, old in zip(combined, carried, strict=True)]

    def _halved(self, values: list[Value]) -> list[Value]:
        """Lane i combined with lane i + n / 2, until one is left."""
        b, lanes = self.sweep.b, lanes_of(values[0].ssa)
        while lanes > 1:
            lanes //= 2
            low, high = ([v.of(shuffle(b, v.ssa, v.ssa, range(s, s + lanes))) for v in values] for s in (0, lanes))
            values = list(self.combine(low, high))
        return [v.of(extract(b, v.ssa, 0)) for v in values]
