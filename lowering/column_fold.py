"""Folding columns in the order in which a row of the same length is folded.

A row has running vectors whose lanes are combined at the end (`sweep.py`). Here each of those lanes is a running value of every
column, in scratch memory: the elements of the columns go by in order, and each joins the value that stands for its lane.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from .builder import Index, KernelBuilder
from .evaluate import Point
from .nest import loops
from .values import Value

RUNNING = 4
"""Running vectors of a row: enough chains to hide the latency of an add."""

SHORT = 4
"""Columns of at most so many elements, a known number, are folded in registers."""


def slots(lanes: int) -> int:
    """How many values a column keeps: one for each running lane of a row, and one for what is left where nothing is masked."""
    return lanes * RUNNING + 1


@dataclass(frozen=True)
class ColumnFold:
    """One fold.

    Attributes:
        lanes: how many a vector of a row has.
        masked: whether a row ends with a masked vector, not with scalars.
        points: vectors of columns that go down together.
        take: what is folded of a point; the number says which of `points` it belongs to.
        memory: `slots(lanes)` values for each of `points`, flat.
    """

    b: KernelBuilder
    lanes: int
    masked: bool
    points: Sequence[Point]
    start: Callable[[int], Value]
    take: Callable[[Point, int], Value]
    combine: Callable[[Value, Value], Value]
    memory: SSAValue

    def fold(self, outer: Sequence[tuple[int, Index]], axis: int, size: Index) -> list[Value]:
        """The folds of `axis`, which has `size` elements, within other reduced dims given with their sizes."""
        b, axes = self.b, [*(a for a, _ in outer), axis]
        if not outer and self._is_short(size):
            return self._fold_short(axis, size)
        run = _Run(self, size)
        fresh = run.used if not outer and isinstance(run.used, int) else 0
        for_(b, fresh, max(run.used, 1) if isinstance(run.used, int) else run.used, self._reset)
        if not self.masked:
            self._reset(self.lanes * RUNNING)
        spans: list[tuple[Index, Index]] = [(0, n) for _, n in outer]
        loops(b, spans, lambda at: run.emit(lambda i: _moved(self.points, axes, (*at, i)), fresh))
        return self._total(run)

    # -- columns of a few elements, in registers --------------------------------------------------------------------------------
    def _is_short(self, size: Index) -> bool:
        return isinstance(size, int) and 0 < size <= SHORT and (self.masked or size < self.lanes)

    def _fold_short(self, axis: int, size: Index) -> list[Value]:
        assert isinstance(size, int)
        return [self._fold_one(k, [point.at(axis, i) for i in range(size)]) for k, point in enumerate(self.points)]

    def _fold_one(self, k: int, elements: Sequence[Point]) -> Value:
        start = self.start(self.points[k].lanes)
        if self.masked:
            return self._tree(0, 1, len(elements), lambda i: self.combine(start, self.take(elements[i], k)))
        for element in elements:
            start = self.combine(start, self.take(element, k))
        return start

    # -- what is left of all running values -------------------------------------------------------------------------------------
    def _total(self, run: _Run) -> list[Value]:
        b, lanes = self.b, self.lanes
        if not isinstance(run.whole, int):
            b.if_(b.cmp("sgt", run.whole, 0), self._merge)
        elif run.whole:
            self._merge()
        used = min(max(run.used, 1), lanes) if isinstance(run.used, int) else lanes
        totals = [self._tree(0, 1, used, lambda i, k=k: self.load(i, k)) for k in range(len(self.points))]
        if self.masked:
            return totals
        return [self.combine(total, self.load(lanes * RUNNING, k)) for k, total in enumerate(totals)]

    def _merge(self) -> None:
        """The running vectors in pairs."""

        def lane(j: Index) -> None:
            for k in range(len(self.points)):
                parts = [self.load(self.b.add(j, r * self.lanes), k) for r in range(RUNNING)]
                while len(parts) > 1:
                    parts = [self.combine(a, c) for a, c in zip(parts[::2], parts[1::2], strict=True)]
                self.store(j, k, parts[0])

        for_(self.b, 0, self.lanes, lane)

    def _tree(self, first: int, gap: int, used: int, leaf: Callable[[int], Value]) -> Value:
        """Lanes `first`, `first + gap`, ...: what halving a vector again and again gives, `used` lanes having anything."""
        if gap >= self.lanes:
            return leaf(first)
        low = self._tree(first, 2 * gap, used, leaf)
        return low if first + gap >= used else self.combine(low, self._tree(first + gap, 2 * gap, used, leaf))

    # -- memory ---------------------------------------------------------------------------------------------------------------
    def _reset(self, slot: Index) -> None:
        for k, point in enumerate(self.points):
            self.store(slot, k, self.start(point.lanes))

    def _place(self, slot: Index, k: int) -> Index:
        return self.b.mul(self.b.add(self.b.mul(slot, len(self.points)), k), max(self.points[k].lanes, 1))

    def load(self, slot: Index, k: int) -> Value:
        b, lanes, place = self.b, self.points[k].lanes, [self._place(slot, k)]
        loaded = b.vload(self.memory, place, lanes) if lanes else b.load(self.memory, place)
        return self.start(lanes).of(loaded)

    def store(self, slot: Index, k: int, value: Value) -> None:
        place = [self._place(slot, k)]
        if self.points[k].lanes:
            self.b.vstore(value.ssa, self.memory, place)
        else:
            self.b.store(value.ssa, self.memory, place)


@dataclass(frozen=True)
class _Run:
    """A run along the innermost reduced dim: whole turns of all running vectors, single vectors, and what is left.

    Attributes:
        whole: where the whole turns end.
        vectors: where the vectors end; at the end of a run if the last one is masked.
        used: how many of the running values have anything to add: all where there is a whole turn, else those of one vector.
    """

    columns: ColumnFold
    size: Index

    @property
    def whole(self) -> Index:
        b, turn = self.columns.b, self.columns.lanes * RUNNING
        return b.mul(b.floordiv(self.size, turn), turn)

    @property
    def vectors(self) -> Index:
        b, lanes = self.columns.b, self.columns.lanes
        return self.size if self.columns.masked else b.mul(b.floordiv(self.size, lanes), lanes)

    @property
    def used(self) -> Index:
        b, lanes, turn = self.columns.b, self.columns.lanes, self.columns.lanes * RUNNING
        if isinstance(self.whole, int):
            return turn if self.whole else b.min(self.vectors, lanes)
        return b.select(b.cmp("sgt", self.whole, 0), turn, lanes)

    def emit(self, at: Callable[[Index], Sequence[Point]], fresh: int) -> None:
        """Let all elements join; the first `fresh` ones find no value to join yet."""
        columns, lanes = self.columns, self.columns.lanes

        def join(slot: Index, index: Index, fresh: bool = False) -> None:
            for k, point in enumerate(at(index)):
                old = columns.start(point.lanes) if fresh else columns.load(slot, k)
                columns.store(slot, k, columns.combine(old, columns.take(point, k)))

        for_(columns.b, 0, fresh, lambda i: join(i, i, fresh=True))
        turns = fresh if fresh == lanes * RUNNING else 0
        self._steps(turns, self.whole, lanes * RUNNING, join)
        self._steps(self.whole if turns or not fresh else fresh, self.vectors, lanes, join)
        if not columns.masked:
            for_(columns.b, self.vectors, self.size, lambda i: join(lanes * RUNNING, i))

    def _steps(self, start: Index, end: Index, step: int, join: Callable[[Index, Index], None]) -> None:
        """Elements from `start` to `end`, `step` of them a turn, each with the slot of its place in the turn."""
        b = self.columns.b

        def turn(number: Index) -> None:
            first = b.add(start, b.mul(number, step))
            for_(b, 0, b.min(b.sub(end, first), step), lambda j: join(j, b.add(first, j)))

        for_(b, 0, b.ceildiv(b.sub(end, start), step), turn)


def for_(b: KernelBuilder, start: Index, end: Index, body: Callable[[Index], None]) -> None:
    """One loop; nothing, or the body alone, where it is known to be empty or to run once."""
    loops(b, [(start, end)], lambda at: body(at[0]))


def _moved(points: Sequence[Point], axes: Sequence[int], indices: Sequence[Index]) -> list[Point]:
    moved = list(points)
    for axis, index in zip(axes, indices, strict=True):
        moved = [point.at(axis, index) for point in moved]
    return moved
