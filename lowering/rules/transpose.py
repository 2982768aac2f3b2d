"""Kernels that turn memory round: transposes and relayouts, with pointwise ops on the way.

The result is contiguous along one dim, some operands along another. Squares of vectors of those two dims are loaded, transposed
in registers, and stored; operands that lie like the result join in row by row. Where the result's innermost dim is small and
known (a channel shuffle of two groups), whole vectors are interleaved instead. A grid cell is a strip of squares along the last
dim, several where that is short, or a part of one where it is long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..access import ONE, ZERO, Leaf, Tree
from ..builder import Index
from ..evaluate import Point
from ..frame import Frame, frame_bytes
from ..nest import Grid, Vectors, choose_grid, known_size, loops, vector_loop
from ..shuffles import interleave, transpose
from .common import BaseRule, body_of, recomputes, tree_of, widest
from .elementwise import has_place, is_streaming

CELL = 8192
"""Elements of a grid cell."""
MAX_INTERLEAVED = 4


class TransposeRule(BaseRule):
    """Trees in which some operand is contiguous along another dim than the result."""

    name = "transpose"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if not all(map(has_place, ops)):
            return False
        tree = tree_of(ops)
        if tree is None or recomputes(tree) or is_streaming(tree):
            return False
        return column_axis(tree) is not None

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        if not self.accepts(ops, target):
            return None
        tree = _tree(kernel)
        axis, lanes = _column_axis(tree), _lanes(tree, target)
        strip = known_size(tree.sizes[-1])
        columns = CELL // lanes if lanes * strip > 2 * CELL else 0
        sizes = _outer_sizes(tree, axis, lanes, columns)
        split, block = choose_grid(sizes, max(CELL // max(lanes * (columns or strip), 1), 1))
        interleaved = int(_interleaves(tree, axis))
        return ScheduleAttr.of(self.name, lanes=lanes, split=split, block=block, columns=columns, interleaved=interleaved)

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return not schedule["interleaved"] and super().generalizable(kernel, schedule)

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _grid(_tree(kernel), schedule).cells

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(_tree(kernel).tables))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        tree = _tree(kernel)
        frame = Frame.of(kernel, tree.tables, raw=not tree.applied)
        grid = _grid(tree, schedule)
        cell = _Cell(frame, tree, grid, _column_axis(tree), schedule["lanes"], schedule.get("columns", 0), target.has_masking)
        grid.lower(frame.b, cell.lower_interleaved if schedule["interleaved"] else cell.lower)
        return frame.finish()


def column_axis(tree: Tree) -> int | None:
    """The dim other than the last along which the operands that are not contiguous along the last one are."""
    rank = len(tree.sizes)
    columns = [leaf for leaf in tree.leaves if rank and leaf.strides[-1] not in (ZERO, ONE)]
    axes = {leaf.strides.index(ONE) if ONE in leaf.strides else -1 for leaf in columns}
    return axes.pop() if len(axes) == 1 and -1 not in axes else None


def _column_axis(tree: Tree) -> int:
    axis = column_axis(tree)
    assert axis is not None
    return axis


def _tree(kernel: func.FuncOp) -> Tree:
    ops, _ = body_of(kernel)
    tree = tree_of(ops)
    assert tree is not None
    tree.collapse()
    return tree


def _lanes(tree: Tree, target: TargetModel) -> int:
    return target.lanes(max(widest(tree.nodes, not tree.applied), 32))


def _outer_sizes(tree: Tree, axis: int, lanes: int, columns: int) -> tuple[DimExpr, ...]:
    """The dims that the grid walks: all but the last, `axis` in squares and innermost; then the last in parts, if it is cut."""
    others = [s for a, s in enumerate(tree.sizes[:-1]) if a != axis]
    parts = [tree.sizes[-1].ceildiv(columns)] if columns else []
    return (*others, tree.sizes[axis].ceildiv(lanes), *parts)


def _grid(tree: Tree, schedule: ScheduleAttr) -> Grid:
    sizes = _outer_sizes(tree, _column_axis(tree), schedule["lanes"], schedule.get("columns", 0))
    return Grid(sizes, min(schedule["split"], len(sizes) - 1), schedule["block"])


def _interleaves(tree: Tree, axis: int) -> bool:
    """Whether the last dim is a few elements that follow those of `axis` without a gap, and all operands are columns."""
    inner = tree.sizes[-1]
    if not inner.is_static or not 2 <= inner.value <= MAX_INTERLEAVED or tree.target.strides[axis] != inner:
        return False
    return all(leaf.strides[axis] in (ZERO, ONE) for leaf in tree.leaves)


@dataclass(frozen=True)
class _Cell:
    """The loops inside a grid cell."""

    frame: Frame
    tree: Tree
    grid: Grid
    axis: int
    lanes: int
    columns: int
    """Elements of the last dim in a cell; 0: all."""
    masked: bool

    def lower(self, outer: tuple[Index, ...], start: Index, end: Index) -> None:
        self._squares(outer, start, end, self._row_of_squares)

    def lower_interleaved(self, outer: tuple[Index, ...], start: Index, end: Index) -> None:
        self._squares(outer, start, end, self._interleaved)

    def _squares(self, outer: tuple[Index, ...], start: Index, end: Index, body: Callable[[Point], None]) -> None:
        """Loops over what the cell holds of the grid's dims."""
        b = self.frame.b
        spans = [(start, end), *((0, b.dim(s)) for s in self.grid.sizes[self.grid.split + 1 :])]
        loops(b, spans, lambda inner: body(self._point((*outer, *inner))))

    def _point(self, indices: tuple[Index, ...]) -> Point:
        """The first element of a strip of squares."""
        b, others = self.frame.b, list(indices)
        first = b.mul(others.pop(), self.columns) if self.columns else 0
        others.insert(self.axis, b.mul(others.pop(), self.lanes))
        return Point((*others, first))

    # -- squares ------------------------------------------------------------------------------------------------------------
    def _row_of_squares(self, corner: Point) -> None:
        """All squares of a cell along the last dim; ragged ones masked, or element by element."""
        b, lanes, start = self.frame.b, self.lanes, corner.indices[-1]
        first, size = corner.indices[self.axis], b.dim(self.tree.sizes[self.axis])
        extent = b.dim(self.tree.sizes[-1])
        if self.columns:
            extent = b.min(b.add(start, self.columns), extent)
        height = b.min(b.sub(size, first), lanes)
        whole = b.add(start, b.mul(b.floordiv(b.sub(extent, start), lanes), lanes))

        def full() -> None:
            with self.frame.evaluator.guarded():
                b.for_(start, whole, lambda j, _: self._square(corner.at(self.rank - 1, j), None, None), step=lanes)
                self._ragged(corner, height, whole, extent)

        def ragged() -> None:
            with self.frame.evaluator.guarded():
                self._ragged(corner, height, start, extent)

        b.if_(b.cmp("eq", height, lanes), full, ragged)

    @property
    def rank(self) -> int:
        return len(self.tree.sizes)

    def _ragged(self, corner: Point, height: Index, start: Index, end: Index) -> None:
        """Columns [start, end) of a strip of `height` rows."""
        b, last = self.frame.b, self.rank - 1
        if self.masked:
            b.for_(start, end, lambda j, _: self._square(corner.at(last, j), height, b.sub(end, j)), step=self.lanes)
            return
        top = corner.indices[self.axis]

        def element(at: tuple[Index, ...]) -> None:
            self._store(corner.at(self.axis, b.add(top, at[0])).at(last, at[1]))

        loops(b, [(0, height), (start, end)], element)

    def _square(self, corner: Point, height: Index | None, width: Index | None) -> None:
        """One square: `height` of its rows and `width` of its columns exist (None: all)."""
        evaluator, lanes, last = self.frame.evaluator, self.lanes, self.rank - 1
        columns = {id(leaf): self._columns(leaf, corner, height, width) for leaf in self._turned()}
        for r in range(lanes):
            evaluator.preset.update({key: rows[r] for key, rows in columns.items()})
            mask = self._mask(r, height, width)
            self._store(Point(self._row(corner, r, height).indices, last, lanes, mask))
        evaluator.preset.clear()

    def _row(self, corner: Point, number: int, height: Index | None) -> Point:
        """Where a row of a square starts. One that does not exist is masked, but reads of scalars know no mask."""
        b = self.frame.b
        within = number if height is None else b.min(number, b.sub(height, 1))
        return corner.at(self.axis, b.add(corner.indices[self.axis], within))

    def _turned(self) -> list[Leaf]:
        return [leaf for leaf in self.tree.leaves if leaf.strides[-1] not in (ZERO, ONE)]

    def _columns(self, leaf: Leaf, corner: Point, height: Index | None, width: Index | None) -> list[SSAValue]:
        """A square of an operand: vectors along the last dim, one for each row."""
        b, last = self.frame.b, self.rank - 1
        loaded: list[SSAValue] = []
        for c in range(self.lanes):
            at = corner.at(last, b.add(corner.indices[last], c))
            mask = self._mask(c, width, height)
            loaded.append(self.frame.evaluator.value(leaf, Point(at.indices, self.axis, self.lanes, mask)))
        return transpose(b, loaded)

    def _mask(self, number: int, exist: Index | None, length: Index | None) -> SSAValue | None:
        """The mask of vector `number`, of which there are `exist`, each of `length`."""
        b = self.frame.b
        if exist is None or length is None:
            return None
        return b.lane_mask(b.select(b.cmp("sgt", exist, number), length, 0), self.lanes)

    def _store(self, point: Point) -> None:
        evaluator = self.frame.evaluator
        evaluator.store(evaluator.value(self.tree.root, point), self.tree.target, point)

    # -- interleaving ---------------------------------------------------------------------------------------------------------
    def _interleaved(self, corner: Point) -> None:
        """A strip whose last dim is a few elements: vectors along `axis`, one for each, interleaved."""
        b, last = self.frame.b, self.rank - 1
        first, size = corner.indices[self.axis], b.dim(self.tree.sizes[self.axis])
        count = self.tree.sizes[-1].value

        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            assert mask is None
            at = corner.at(self.axis, i)
            points = [Point(at.at(last, j).indices, self.axis, lanes) for j in range(count)]
            values = [self.frame.evaluator.value(self.tree.root, p) for p in points]
            if not lanes:
                for value, point in zip(values, points, strict=True):
                    self.frame.evaluator.store(value, self.tree.target, point)
                return
            for k, value in enumerate(interleave(b, values)):
                place = at.at(last, k * lanes)
                self.frame.evaluator.store(value, self.tree.target, Point(place.indices, last, lanes))

        vector_loop(b, first, b.min(b.add(first, self.lanes), size), Vectors(self.lanes, 1, masked=False), step)
