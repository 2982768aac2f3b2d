"""The selection rule: the first `k` along an axis, or the order of rows, by a heap of those that come first.

The heap holds k items, its root the one that comes last; an element that comes before the root takes its place, which after the
first few is rare. Then the heap is sorted: n + k log(k) log(n / k) steps for elements in random order, n log(k) at worst.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import arith, graph
from ...dialects.graph.base import flag, i1, integer
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..access import ONE
from ..builder import Index
from ..casts import to_register, to_storage
from ..definitions import DEFINITIONS, Definer
from ..frame import Frame, frame_bytes
from ..kernel_attrs import returned
from ..loop_types import storage_type
from ..values import Value
from .common import BaseRule, body_of, tables_of
from .heap import Heap, Item, index_of, while_

WORD = 8
"""Bytes of an index, and of the widest element."""


class SelectRule(BaseRule):
    """TopK, and the order of rows."""

    name = "select"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], graph.TopKOp | graph.SortRowsOp)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        (op,), _ = body_of(kernel)
        return product(_around(op)) if isinstance(op, graph.TopKOp) else ONE

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        (op,), _ = body_of(kernel)
        words = op.k.data * 2 if isinstance(op, graph.TopKOp) else dims_of(op.operands[0])[0]
        return words * WORD + frame_bytes(tables_of(kernel))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        (op,), _ = body_of(kernel)
        frame = Frame.of(kernel, tables_of(kernel))
        start = frame_bytes(tables_of(kernel))
        if isinstance(op, graph.TopKOp):
            _top_k(frame, op, start, returned(kernel))
        else:
            assert isinstance(op, graph.SortRowsOp)
            _sort_rows(frame, op, start)
        return frame.finish()


def _around(op: graph.TopKOp) -> list[DimExpr]:
    return [d for axis, d in enumerate(dims_of(op.x)) if axis != integer(op.axis)]


def _top_k(frame: Frame, op: graph.TopKOp, start: int, results: Sequence[SSAValue]) -> None:
    b, axis, element = frame.b, integer(op.axis), element_of(op.x)
    definer, k = Definer(frame, DEFINITIONS), b.dim(op.k.data)
    size = definer.dims(op.x)[axis]
    keys = b.scratch_view(b.scratch, b.add(start, b.mul(k, WORD)), k, storage_type(element))
    numbers = b.scratch_view(b.scratch, start, k, i64)
    before = "gt" if flag(op.largest) else "lt"

    def precedes(a: SSAValue, c: SSAValue) -> SSAValue:
        return to_register(b, a, element).compare(before, to_register(b, c, element)).ssa

    def after(a: Item, c: Item) -> SSAValue:
        """By key, and among equals by index."""
        equal = to_register(b, a[0], element).eq(to_register(b, c[0], element))
        later = Value(b, b.cmp("sgt", index_of(b, a[1]), index_of(b, c[1])), i1)
        return (Value(b, precedes(c[0], a[0]), i1) | (equal & later)).ssa

    heap = Heap(b, [keys, numbers], after)
    extents = [b.dim(d) for d in _around(op)]

    def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
        rest = b.delinearize(i, extents)

        def item(at: Index) -> Item:
            value = definer.element(op.x, [*rest[:axis], at, *rest[axis:]])
            return [to_storage(value), b.op(arith.IndexCastOp, [b.index(at)], i64)]

        def offer(at: SSAValue, _: Sequence[SSAValue]) -> None:
            found = item(at)
            b.if_(precedes(found[0], heap.load(0)[0]), lambda: heap.sink(found, 0, k))

        b.for_(0, k, lambda at, _: heap.store(at, item(at)))
        heap.build(k)
        b.for_(k, b.select(b.cmp("sgt", k, 0), size, 0), offer)
        heap.sort(k)
        b.for_(0, k, lambda at, _: write(rest, at))

    def write(rest: Sequence[Index], at: Index) -> None:
        found = heap.load(at)
        for result in results:
            strides = [b.dim(s) for s in physical_strides(result)]
            offset = b.linear([*rest[:axis], at, *rest[axis:]], strides)
            b.store(found[0] if result is op.values else found[1], frame.evaluator.buffers[result], [offset])

    b.for_(b.lo, b.hi, cell)


def _sort_rows(frame: Frame, op: graph.SortRowsOp, start: int) -> None:
    b, definer = frame.b, Definer(frame, DEFINITIONS)
    rows, columns = definer.dims(op.x)
    numbers = b.scratch_view(b.scratch, start, rows, i64)
    out = frame.evaluator.buffers[op.result]

    def compare(relation: str, row: Index, other: Index, column: Index) -> SSAValue:
        return definer.element(op.x, [row, column]).compare(relation, definer.element(op.x, [other, column])).ssa

    def after(a: Item, c: Item) -> SSAValue:
        """By the first column where they differ, and among equals by index."""
        row, other = index_of(b, a[0]), index_of(b, c[0])
        never = b.cmp("ne", 0, 0)

        def alike(carried: Sequence[SSAValue]) -> SSAValue:
            inside = b.cmp("slt", carried[0], columns)
            return b.if_(inside, lambda: [compare("eq", row, other, carried[0])], lambda: [never], [i1])[0]

        (column,) = while_(b, [b.index(0)], alike, lambda carried: [b.index(b.add(carried[0], 1))])
        differ = b.cmp("slt", column, columns)
        by_number = lambda: [b.cmp("sgt", row, other)]  # noqa: E731
        return b.if_(differ, lambda: [compare("gt", row, other, column)], by_number, [i1])[0]

    heap = Heap(b, [numbers], after)

    def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
        b.for_(0, rows, lambda at, _: heap.store(at, [b.op(arith.IndexCastOp, [at], i64)]))
        heap.build(rows)
        heap.sort(rows)
        b.for_(0, rows, lambda at, _: b.store(heap.load(at)[0], out, [at]))

    b.for_(b.lo, b.hi, cell)
