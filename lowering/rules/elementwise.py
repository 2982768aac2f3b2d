"""Elementwise kernels: a DAG of pointwise ops with broadcasts, over the result in its memory order.

The innermost dim is vectorised; dims that all operands walk alike are merged first; broadcast operands are loaded as scalars
outside the loops that they do not depend on. Nothing is materialised. A grid cell is a block of rows (or of one long row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..access import INDEX_MAPS, ONE, ZERO, Tree
from ..builder import Index
from ..evaluate import MAX_PICKED_STRIDE, Point
from ..frame import Frame, frame_bytes
from ..nest import Grid, Vectors, choose_grid, loops, vector_loop
from ..pointwise import is_pointwise
from .common import BaseRule, body_of, cost, recomputes, tree_of, unroll_for, widest

CELL = 8192
"""Elements of a grid cell: some tens of kilobytes, microseconds of work."""


class ElementwiseRule(BaseRule):
    """Pointwise DAGs and movement that keeps the innermost dim."""

    name = "elementwise"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if not all(map(has_place, ops)):
            return False
        tree = tree_of(ops)
        return tree is not None and is_streaming(tree) and not recomputes(tree)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        if not all(map(has_place, ops)) or tree_of(ops) is None:
            return None
        tree = _tree(kernel)
        if not tree.sizes:
            return ScheduleAttr.of(self.name)
        split, block = choose_grid(tree.sizes, max(CELL // (1 + cost(tree.nodes) // 16), 256))
        return ScheduleAttr.of(self.name, split=split, block=block)

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        # A stride of a few elements is worth knowing: whole vectors are loaded then, and the elements picked.
        tree = _tree(kernel)
        steps = [stride for leaf in tree.leaves for stride in leaf.strides[-1:] if stride.is_static]
        picks = any(2 <= step.value <= MAX_PICKED_STRIDE for step in steps)
        return not picks and super().generalizable(kernel, schedule)

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _grid(_tree(kernel), schedule).cells

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(_tree(kernel).tables))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        tree = _tree(kernel)
        raw = not tree.applied
        frame = Frame.of(kernel, tree.tables, raw)
        maskable = all(_is_unit(stride) for leaf in tree.leaves for stride in leaf.strides[-1:])
        vectors = Vectors.of(target, widest(tree.nodes, raw), unroll_for(cost(tree.nodes)), maskable)
        grid = _grid(tree, schedule)
        grid.lower(frame.b, _Cell(frame, tree, grid, vectors).lower)
        return frame.finish()


@dataclass(frozen=True)
class _Cell:
    """The loops inside a grid cell."""

    frame: Frame
    tree: Tree
    grid: Grid
    vectors: Vectors

    def lower(self, outer: tuple[Index, ...], start: Index, end: Index) -> None:
        sizes = self.tree.sizes
        if not sizes:
            self._store(Point(()))
        elif self.grid.split == len(sizes) - 1:
            self._row(outer, start, end)
        else:
            b = self.frame.b
            spans = [(start, end), *((0, b.dim(s)) for s in sizes[self.grid.split + 1 : -1])]
            loops(b, spans, lambda inner: self._row((*outer, *inner), 0, b.dim(sizes[-1])))

    def _row(self, outer: tuple[Index, ...], start: Index, end: Index) -> None:
        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            self._store(Point((*outer, i), len(outer), lanes, mask))

        vector_loop(self.frame.b, start, end, self.vectors, step)

    def _store(self, point: Point) -> None:
        evaluator = self.frame.evaluator
        evaluator.store(evaluator.value(self.tree.root, point), self.tree.target, point)


def _tree(kernel: func.FuncOp) -> Tree:
    ops, _ = body_of(kernel)
    tree = tree_of(ops)
    assert tree is not None
    tree.collapse()
    return tree


def _grid(tree: Tree, schedule: ScheduleAttr) -> Grid:
    split = min(schedule.get("split", 0), max(len(tree.sizes) - 1, 0))
    return Grid(tree.sizes, split, schedule.get("block", 0))


def has_place(op: Operation) -> bool:
    """Whether the op is pointwise, or vanishes in the strides of a tree."""
    return is_pointwise(op) or isinstance(op, INDEX_MAPS)


def is_streaming(tree: Tree) -> bool:
    """Whether every operand is read along the result's innermost dim: contiguously, in small steps, or not moving at all."""
    steps = [leaf.strides[-1] for leaf in tree.leaves] if tree.sizes else []
    return all(s.is_static and -1 <= s.value <= MAX_PICKED_STRIDE for s in steps)


def _is_unit(stride: DimExpr) -> bool:
    return stride in (ZERO, ONE)
