"""The suppression rule: non-maximum suppression, a grid cell for each class of each batch."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import arith, graph
from ...dialects.graph.base import flag, i1
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..builder import Index
from ..casts import to_register, to_storage
from ..definitions import DEFINITIONS, Definer
from ..frame import Frame, frame_bytes
from ..loop_types import storage_type
from ..values import Value
from .common import BaseRule, body_of, tables_of
from .heap import while_

Box = Sequence[Value]
"""Low and high of the one side, then of the other."""

CORNERS = 4
WORD = 8


class SuppressRule(BaseRule):
    """Candidates in order; one that stays is kept in scratch memory as corners, which later ones are compared with."""

    name = "suppress"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], graph.SuppressOp)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        batches, classes, _ = dims_of(_op(kernel).candidates)
        return batches * classes

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        boxes = dims_of(_op(kernel).candidates)[2]
        return boxes * CORNERS * WORD + frame_bytes(tables_of(kernel), can_fail=True)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        frame = Frame.of(kernel, tables_of(kernel), can_fail=True)
        row = _Row(frame, _op(kernel), frame_bytes(tables_of(kernel), can_fail=True))
        frame.b.for_(frame.b.lo, frame.b.hi, lambda i, _: row.lower(i))
        return frame.finish()


def _op(kernel: func.FuncOp) -> graph.SuppressOp:
    (op,), _ = body_of(kernel)
    assert isinstance(op, graph.SuppressOp)
    return op


class _Row:
    """The candidates of one class."""

    def __init__(self, frame: Frame, op: graph.SuppressOp, start: int) -> None:
        self.frame, self.b, self.op = frame, frame.b, op
        self.d = Definer(frame, DEFINITIONS)
        self.element = element_of(op.boxes)
        _, self.classes, self.count = self.d.dims(op.candidates)
        words = self.b.mul(self.count, CORNERS)
        self.kept = self.b.scratch_view(self.b.scratch, start, words, storage_type(self.element))

    def lower(self, cell: SSAValue) -> None:
        b, d, op = self.b, self.d, self.op
        batch, class_ = b.delinearize(cell, [0, self.classes])
        limit = d.to_index(d.element(op.limit, []))
        threshold = d.element(op.threshold, [])

        def try_(i: SSAValue, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
            stays = carried[0]
            box = d.to_index(d.element(op.candidates, [batch, class_, i]))
            tried = self._both(b.cmp("sge", box, 0), b.cmp("slt", stays, limit))
            return b.if_(tried, lambda: self._meet(batch, class_, box, stays, threshold), lambda: [stays], [stays.type])

        (stays,) = b.for_(0, self.count, try_, inits=[b.index(0)])
        b.for_(stays, self.count, lambda i, _: self._write(batch, class_, i, b.const(-1, i64)))

    def _meet(self, batch: Index, class_: Index, box: SSAValue, stays: SSAValue, threshold: Value) -> list[SSAValue]:
        """A candidate against all boxes that stay; how many do then."""
        b = self.b

        def inside() -> list[SSAValue]:
            corners = self._corners([self.d.element(self.op.boxes, [batch, box, k]) for k in range(CORNERS)])

            def apart(carried: Sequence[SSAValue]) -> SSAValue:
                at = carried[0]
                compared = lambda: [self._apart(corners, self._load(at), threshold)]  # noqa: E731
                return b.if_(b.cmp("slt", at, stays), compared, lambda: [b.cmp("ne", 0, 0)], [i1])[0]

            (met,) = while_(b, [b.index(0)], apart, lambda carried: [b.index(b.add(carried[0], 1))])
            keep = lambda: self._keep(batch, class_, box, stays, corners)  # noqa: E731
            return b.if_(b.cmp("eq", met, stays), keep, lambda: [stays], [stays.type])

        def outside() -> list[SSAValue]:
            self.frame.fail()
            return [stays]

        return b.if_(self.d.inside(box, self.count), inside, outside, [stays.type])

    def _keep(self, batch: Index, class_: Index, box: SSAValue, stays: SSAValue, corners: Box) -> list[SSAValue]:
        for k, corner in enumerate(corners):
            self.b.store(to_storage(corner), self.kept, [self.b.add(self.b.mul(stays, CORNERS), k)])
        self._write(batch, class_, stays, self.b.op(arith.IndexCastOp, [box], i64))
        return [self.b.index(self.b.add(stays, 1))]

    def _write(self, batch: Index, class_: Index, i: Index, number: SSAValue) -> None:
        strides = [self.b.dim(s) for s in physical_strides(self.op.result)]
        offset = self.b.linear([batch, class_, i], strides)
        self.b.store(number, self.frame.evaluator.buffers[self.op.result], [offset])

    def _load(self, number: Index) -> Box:
        places = [self.b.add(self.b.mul(number, CORNERS), k) for k in range(CORNERS)]
        return [to_register(self.b, self.b.load(self.kept, [p]), self.element) for p in places]

    # -- boxes ----------------------------------------------------------------------------------------------------------------
    def _corners(self, box: Box) -> Box:
        a, b, c, d = box
        if not flag(self.op.center_point_box):
            return [a.minimum(c), a.maximum(c), b.minimum(d), b.maximum(d)]
        return [a - c * 0.5, a + c * 0.5, b - d * 0.5, b + d * 0.5]

    def _apart(self, one: Box, two: Box, threshold: Value) -> SSAValue:
        """Whether the intersection over union is not above the threshold; boxes without an area have none."""
        width, height = (one[k + 1].minimum(two[k + 1]) - one[k].maximum(two[k]) for k in (0, 2))
        common = width * height
        areas = [(box[1] - box[0]) * (box[3] - box[2]) for box in (one, two)]
        union = areas[0] + areas[1] - common
        positive = [width.gt(0.0), height.gt(0.0), common.gt(0.0), areas[0].gt(0.0), areas[1].gt(0.0), union.gt(0.0)]
        meet = (common / union).gt(threshold)
        for condition in positive:
            meet = meet & condition
        return meet.eq(False).ssa

    def _both(self, a: SSAValue, c: SSAValue) -> SSAValue:
        return self.b.op(arith.AndIOp, [a, c], a.type)
