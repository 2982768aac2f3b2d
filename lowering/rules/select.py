"""The selection rule: the first `k` along an axis, by a heap of those that come first.

The heap holds k items, its root the one that comes last; an element that comes before the root takes its place, which after the
first few is rare. Then the heap is sorted: n + k log(k) log(n / k) steps for elements in random order, n log(k) at worst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import i1
from ...dialects.graph.dims import DimExpr, product
from ...dialects.kernel import ScheduleAttr
from ..frame import Frame, frame_bytes
from ..values import Value
from .common import BaseRule, body_of, tables_of
from .heap import Heap, Item, index_of
from .keys import WORD, Keys, around


class SelectRule(BaseRule):
    """TopK of fewer than all."""

    name = "select"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], graph.TopKOp)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return product(around(_op(kernel)))

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _op(kernel).k.data * 2 * WORD + frame_bytes(tables_of(kernel))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        frame = Frame.of(kernel, tables_of(kernel))
        keys = Keys(frame, _op(kernel), kernel)
        b, k = frame.b, frame.b.dim(keys.op.k.data)
        heap = Heap(b, keys.views(frame_bytes(tables_of(kernel)), k), _after(keys))

        def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
            rest = b.delinearize(i, keys.extents)

            def offer(at: SSAValue, _: Sequence[SSAValue]) -> None:
                found = keys.item(rest, at)
                b.if_(keys.precedes(found, heap.load(0)), lambda: heap.sink(found, 0, k))

            b.for_(0, k, lambda at, _: heap.store(at, keys.item(rest, at)))
            heap.build(k)
            b.for_(k, b.select(b.cmp("sgt", k, 0), keys.size, 0), offer)
            heap.sort(k)
            b.for_(0, k, lambda at, _: keys.write(rest, at, heap.load(at)))

        b.for_(b.lo, b.hi, cell)
        return frame.finish()


def _op(kernel: func.FuncOp) -> graph.TopKOp:
    (op,), _ = body_of(kernel)
    assert isinstance(op, graph.TopKOp)
    return op


def _after(keys: Keys) -> Callable[[Item, Item], SSAValue]:
    """By key, and among equals by index."""
    b = keys.b

    def after(a: Item, c: Item) -> SSAValue:
        later = Value(b, b.cmp("sgt", index_of(b, a[1]), index_of(b, c[1])), i1)
        return (Value(b, keys.precedes(c, a), i1) | (Value(b, keys.equal(a, c), i1) & later)).ssa

    return after
