"""The sorting rule: all elements along an axis in order, or the rows of a matrix, by merging.

Runs of one item, then of two, of four: each pass merges pairs of runs from one half of scratch memory into the other, without
branches that depend on data. Equal items keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import arith, graph
from ...dialects.graph.base import i1, integer
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of
from ...dialects.kernel import ScheduleAttr
from ..access import ONE
from ..builder import Index, LoopBuilder
from ..definitions import DEFINITIONS, Definer
from ..frame import Frame, frame_bytes
from .common import BaseRule, body_of, tables_of
from .heap import Item, index_of, while_
from .keys import WORD, Keys, around


class SortRule(BaseRule):
    """TopK of all elements, and the order of rows."""

    name = "sort"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1:
            return False
        op = ops[0]
        return isinstance(op, graph.SortRowsOp) or (isinstance(op, graph.TopKOp) and op.k.data == _length(op))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        (op,), _ = body_of(kernel)
        return product(around(op)) if isinstance(op, graph.TopKOp) else ONE

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        (op,), _ = body_of(kernel)
        words = 4 if isinstance(op, graph.TopKOp) else 2
        return _length(op) * words * WORD + frame_bytes(tables_of(kernel))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        (op,), _ = body_of(kernel)
        frame, start = Frame.of(kernel, tables_of(kernel)), frame_bytes(tables_of(kernel))
        if isinstance(op, graph.TopKOp):
            _sort_elements(Keys(frame, op, kernel), start)
        else:
            assert isinstance(op, graph.SortRowsOp)
            _sort_rows(frame, op, start)
        return frame.finish()


def _length(op: Operation) -> DimExpr:
    """How many items are sorted."""
    return dims_of(op.operands[0])[integer(op.axis) if isinstance(op, graph.TopKOp) else 0]


@dataclass(frozen=True)
class Merge:
    """`count` items in the first half of `views`; `precedes(a, b)` where item a must come before b, not where they are equal."""

    b: LoopBuilder
    views: Sequence[SSAValue]
    count: Index
    precedes: Callable[[Item, Item], SSAValue]

    def load(self, position: Index) -> Item:
        return [self.b.load(view, [position]) for view in self.views]

    def store(self, position: Index, item: Item) -> None:
        for view, value in zip(self.views, item, strict=True):
            self.b.store(value, view, [position])

    def sort(self) -> Index:
        """Sort the items; where the half that they are in begins."""
        b = self.b

        def double(carried: Sequence[SSAValue]) -> list[SSAValue]:
            width, source, target = carried
            run = b.index(b.mul(width, 2))
            b.for_(0, self.count, lambda low, _: self._pair(low, width, source, target), step=run)
            return [run, target, source]

        inits = [b.index(1), b.index(0), b.index(self.count)]
        return while_(b, inits, lambda carried: b.cmp("slt", carried[0], self.count), double)[1]

    def _pair(self, low: Index, width: Index, source: Index, target: Index) -> None:
        """Merge the runs that begin at `low` and `width` behind it."""
        b = self.b
        middle, end = (b.min(b.add(low, b.mul(width, k)), self.count) for k in (1, 2))
        last = b.sub(self.count, 1)

        def take(at: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
            left, right = carried
            # The one behind the end of a run is read, and not taken.
            one, two = (self.load(b.add(source, b.min(i, last))) for i in (left, right))
            waits = b.op(arith.OrIOp, [b.cmp("sge", right, end), _not(b, self.precedes(two, one))], i1)
            first = b.op(arith.AndIOp, [b.cmp("slt", left, middle), waits], i1)
            self.store(b.add(target, at), [b.op(arith.SelectOp, [first, x, y], x.type) for x, y in zip(one, two, strict=True)])
            step = b.select(first, 1, 0)
            return [b.index(b.add(left, step)), b.index(b.add(right, b.sub(1, step)))]

        b.for_(low, end, take, inits=[b.index(low), b.index(middle)])


def _not(b: LoopBuilder, condition: SSAValue) -> SSAValue:
    return b.op(arith.XOrIOp, [condition, b.const(1, i1)], i1)


def _sort_elements(keys: Keys, start: int) -> None:
    b, count = keys.b, keys.size
    merge = Merge(b, keys.views(start, b.mul(count, 2)), count, keys.precedes)

    def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
        rest = b.delinearize(i, keys.extents)
        b.for_(0, count, lambda at, _: merge.store(at, keys.item(rest, at)))
        begin = merge.sort()
        b.for_(0, count, lambda at, _: keys.write(rest, at, merge.load(b.add(begin, at))))

    b.for_(b.lo, b.hi, cell)


def _sort_rows(frame: Frame, op: graph.SortRowsOp, start: int) -> None:
    b, definer = frame.b, Definer(frame, DEFINITIONS)
    rows, columns = definer.dims(op.x)
    numbers = b.scratch_view(b.scratch, start, b.mul(rows, 2), i64)
    out = frame.evaluator.buffers[op.result]

    def compare(relation: str, row: Index, other: Index, column: Index) -> SSAValue:
        return definer.element(op.x, [row, column]).compare(relation, definer.element(op.x, [other, column])).ssa

    def precedes(a: Item, c: Item) -> SSAValue:
        """By the first column where they differ."""
        row, other = index_of(b, a[0]), index_of(b, c[0])

        def alike(carried: Sequence[SSAValue]) -> SSAValue:
            inside = b.cmp("slt", carried[0], columns)
            return b.if_(inside, lambda: [compare("eq", row, other, carried[0])], lambda: [b.const(0, i1)], [i1])[0]

        (column,) = while_(b, [b.index(0)], alike, lambda carried: [b.index(b.add(carried[0], 1))])
        differ = b.cmp("slt", column, columns)
        return b.if_(differ, lambda: [compare("lt", row, other, column)], lambda: [b.const(0, i1)], [i1])[0]

    merge = Merge(b, [numbers], rows, precedes)

    def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
        b.for_(0, rows, lambda at, _: merge.store(at, [b.op(arith.IndexCastOp, [at], i64)]))
        begin = merge.sort()
        b.for_(0, rows, lambda at, _: b.store(merge.load(b.add(begin, at))[0], out, [at]))

    b.for_(b.lo, b.hi, cell)
