"""The stretch rule: rows of a tensor repeated where its dims turn out to be 1.

Whether they do is known when the kernel runs. If none does it is one copy; else each row is copied, or filled with its one
element.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import arith, graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, order_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..access import ONE
from ..builder import Index
from ..frame import Frame
from ..kernel_attrs import body_ops, returned
from ..loop_types import bit_width, storage_type
from ..nest import Vectors, vector_loop
from .common import BaseRule

UNROLL = 4


class StretchRule(BaseRule):
    """A stretch of row-major tensors."""

    name = "stretch"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], graph.StretchOp) and all(map(_is_row_major, (ops[0].x, ops[0].result)))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        return ScheduleAttr.of(self.name) if self.accepts(body_ops(kernel), target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return product(dims_of(returned(kernel)[0])[:-1])

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        (op,) = body_ops(kernel)
        assert isinstance(op, graph.StretchOp)
        frame = Frame.of(kernel, raw=True)
        _Rows(frame, op, target).lower()
        return frame.finish()


def _is_row_major(value: SSAValue) -> bool:
    order = order_of(value)
    return order == tuple(range(len(order)))


class _Rows:
    """The rows of one stretch."""

    def __init__(self, frame: Frame, op: graph.StretchOp, target: TargetModel) -> None:
        self.b, self.op = frame.b, op
        self.x, self.out = frame.evaluator.buffers[op.x], frame.evaluator.buffers[op.result]
        self.vectors = Vectors.of(target, bit_width(storage_type(element_of(op.x))), UNROLL)
        self.result = dims_of(op.result)
        missing = len(self.result) - len(dims_of(op.x))
        self.dims = (*[ONE] * missing, *dims_of(op.x))
        self.strides = (*[ONE] * missing, *physical_strides(op.x))
        self.size = self.b.dim(self.result[-1])

    def lower(self) -> None:
        b = self.b
        same = [b.cmp("eq", b.dim(d), b.dim(whole)) for d, whole in zip(self.dims, self.result, strict=True) if d != whole]
        alike = same[0]
        for condition in same[1:]:
            alike = b.op(arith.AndIOp, [alike, condition], alike.type)
        b.if_(alike, lambda: self._copy(b.mul(b.lo, self.size), b.mul(b.lo, self.size), self._rows()), self._each)

    def _rows(self) -> Index:
        return self.b.mul(self.b.sub(self.b.hi, self.b.lo), self.size)

    def _each(self) -> None:
        b = self.b
        extents = [b.dim(d) for d in self.result[:-1]]
        wide = b.cmp("eq", b.dim(self.dims[-1]), self.size)
        steps = [b.mul(b.dim(s), b.dim((d - 1).max(0).min(1))) for d, s in zip(self.dims[:-1], self.strides[:-1], strict=True)]

        def row(i: SSAValue, _: Sequence[SSAValue]) -> None:
            start, to = b.linear(b.delinearize(i, extents), steps), b.mul(i, self.size)
            b.if_(wide, lambda: self._copy(start, to, self.size), lambda: self._fill(start, to))

        b.for_(b.lo, b.hi, row)

    def _copy(self, start: Index, to: Index, count: Index) -> None:
        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            source, target = self.b.add(start, i), self.b.add(to, i)
            if lanes:
                self.b.vstore(self.b.vload(self.x, [source], lanes, mask), self.out, [target], mask)
            else:
                self.b.store(self.b.load(self.x, [source]), self.out, [target])

        vector_loop(self.b, 0, count, self.vectors, step)

    def _fill(self, start: Index, to: Index) -> None:
        value = self.b.load(self.x, [start])

        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            target = self.b.add(to, i)
            if lanes:
                self.b.vstore(self.b.broadcast(value, lanes), self.out, [target], mask)
            else:
                self.b.store(value, self.out, [target])

        vector_loop(self.b, 0, self.size, self.vectors, step)
