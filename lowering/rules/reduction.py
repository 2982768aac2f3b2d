"""The reduction rule: reduce, softmax, norms and running sums over any dims, with pointwise ops before and after.

The iteration space is x in its memory order. Where its innermost dim is reduced ("rows"), vectors run along the row; where it is
kept ("columns", as in a global average pool of a channels-last tensor), each lane reduces its own column. Softmax and norms
sweep the same elements a few times, which stay in the cache; exponentials are kept in scratch memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import func
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.kernel import ScheduleAttr
from ..builder import Index
from ..evaluate import Point
from ..frame import Frame, frame_bytes
from ..loop_types import bit_width
from ..nest import Grid, Vectors, choose_grid, known_size, loops, vector_loop
from ..sweep import Sweep
from ..values import register_type
from .common import BaseRule, body_of, widest
from .reduction_anchors import COLUMN_VECTORS, SOFTMAXES, Run, emit_anchor, partial_bytes
from .reduction_problem import Problem, problem_of

CELL = 8192
"""Elements that a grid cell reads, a quarter of it where each takes an exponential."""


class ReductionRule(BaseRule):
    """One reduction-like anchor; see `reduction_problem.ANCHORS`."""

    name = "reduction"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return problem_of(ops) is not None

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        problem = problem_of(body_of(kernel)[0])
        if problem is None:
            return None
        lanes = target.lanes(max(widest(problem.tree.nodes, raw=False), 32))
        reduced = 1
        for axis in problem.reduced_axes:
            reduced *= max(known_size(problem.sizes[axis]), 1)
        per_step = reduced if problem.rows else reduced * lanes * COLUMN_VECTORS
        elements = CELL // 4 if isinstance(problem.anchor, SOFTMAXES) else CELL
        split, block = choose_grid(_grid_sizes(problem, lanes), max(elements // per_step, 1))
        return ScheduleAttr.of(self.name, lanes=lanes, split=split, block=block)

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        # The channels of a group must stay known to split them.
        groups = any(isinstance(op, graph.GroupNormOp) for op in body_of(kernel)[0])
        return not groups and not _is_short(_problem(kernel), schedule) and super().generalizable(kernel, schedule)

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _grid(_problem(kernel), schedule).cells

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        problem = _problem(kernel)
        fixed = DimExpr.of(frame_bytes(problem.tree.tables) + partial_bytes(problem, schedule["lanes"]))
        if not isinstance(problem.anchor, SOFTMAXES):
            return fixed
        kept = product(problem.sizes[a] for a in problem.reduced_axes)
        columns = 1 if problem.rows else schedule["lanes"] * COLUMN_VECTORS
        return fixed + kept * (columns * bit_width(register_type(problem.x.element)) // 8)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        problem = _problem(kernel)
        frame = Frame.of(kernel, problem.tree.tables)
        sizes = [frame.b.dim(s) for s in problem.sizes]
        sweep = Sweep(frame.b, sizes, problem.reduced_axes, Vectors(schedule["lanes"], 1, target.has_masking))
        cells = _Cells(problem, Run(frame, problem, sweep, frame_bytes(problem.tree.tables)), sizes)
        grid = _grid(problem, schedule)
        grid.lower(frame.b, lambda outer, start, end: cells.lower(grid, outer, start, end))
        return frame.finish()


def _problem(kernel: func.FuncOp) -> Problem:
    problem = problem_of(body_of(kernel)[0])
    assert problem is not None
    return problem


def _is_short(problem: Problem, schedule: ScheduleAttr) -> bool:
    """Rows or columns of a vector or so, known: code for exactly that length spares most of the work between them."""
    lengths = [problem.sizes[a] for a in problem.reduced_axes]
    if not problem.rows and len(lengths) != 1:
        return False
    return lengths[-1].is_static and lengths[-1].value <= schedule["lanes"]


def _grid_sizes(problem: Problem, lanes: int) -> tuple[DimExpr, ...]:
    """The kept dims; the innermost one, where it is kept, in blocks of a few vectors."""
    sizes = [problem.sizes[a] for a in problem.kept_axes]
    if sizes and not problem.rows:
        sizes[-1] = sizes[-1].ceildiv(lanes * COLUMN_VECTORS)
    return tuple(sizes)


def _grid(problem: Problem, schedule: ScheduleAttr) -> Grid:
    sizes = _grid_sizes(problem, schedule["lanes"])
    return Grid(sizes, min(schedule["split"], max(len(sizes) - 1, 0)), schedule["block"] if sizes else 0)


class _Cells:
    """The loops inside a grid cell, down to the points from which to sweep."""

    def __init__(self, problem: Problem, run: Run, sizes: Sequence[Index]) -> None:
        self.problem, self.run, self.sizes = problem, run, sizes
        self.b = run.frame.b

    def lower(self, grid: Grid, outer: tuple[Index, ...], start: Index, end: Index) -> None:
        kept = self.problem.kept_axes
        if not grid.sizes:
            return self._sweep([self._point(())])
        spans = [(start, end), *((0, self.b.dim(s)) for s in grid.sizes[grid.split + 1 :])]
        visit: Callable[[tuple[Index, ...]], None] = self._columns
        if self.problem.rows or not kept:
            visit = lambda at: self._sweep([self._point(at)])  # noqa: E731
        loops(self.b, spans, lambda inner: visit((*outer, *inner)))

    def _point(self, kept: Sequence[Index]) -> Point:
        indices: list[Index] = [0] * len(self.sizes)
        for axis, index in zip(self.problem.kept_axes, kept, strict=True):
            indices[axis] = index
        return Point(tuple(indices))

    def _columns(self, at: tuple[Index, ...]) -> None:
        """A block of columns: all its vectors together where they are whole, else one by one."""
        b, lanes, last = self.b, self.run.sweep.vectors.lanes, len(self.sizes) - 1
        width = lanes * COLUMN_VECTORS
        first = b.mul(at[-1], width)
        left = b.sub(self.sizes[last], first)

        def point(index: Index, count: int, mask: object = None) -> Point:
            return Point(self._point((*at[:-1], index)).indices, last if count else -1, count, mask)  # pyright: ignore[reportArgumentType]

        def whole() -> None:
            with self.run.frame.evaluator.guarded():
                self._sweep([point(b.add(first, v * lanes), lanes) for v in range(COLUMN_VECTORS)])

        def ragged() -> None:
            with self.run.frame.evaluator.guarded():
                vectors = Vectors(lanes, 1, self.run.sweep.vectors.masked)
                vector_loop(b, first, self.sizes[last], vectors, lambda i, n, mask: self._sweep([point(i, n, mask)]))

        b.if_(b.cmp("sge", left, width), whole, ragged)

    def _sweep(self, points: Sequence[Point]) -> None:
        emit_anchor(self.run, points)
