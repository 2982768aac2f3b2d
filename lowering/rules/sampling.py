"""The sampling rule: points and regions of images, where all channels share the taps of a point.

A cell of the parallel space is a point, or a bin of a region. Its taps (pixels and weights) are computed once, then a loop goes
over the channels. The samples of a bin add up in the result itself, one after the other, as the definition adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from xdsl.dialects import func
from xdsl.dialects.builtin import Float32Type, Float64Type
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, order_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..builder import Index
from ..casts import to_storage
from ..definitions import DEFINITIONS, Definer, sampling
from ..frame import Frame, frame_bytes
from ..kernel_attrs import body_ops, returned
from ..values import Value
from .common import BaseRule

Sampler = graph.SampleOp | graph.RoiAlignOp


class SamplingRule(BaseRule):
    """graph.sample, and graph.roi_align of single and double precision."""

    name = "sampling"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1 or not isinstance(op := ops[0], Sampler):
            return False
        exact = isinstance(op, graph.SampleOp) or isinstance(element_of(op.x), Float32Type | Float64Type)
        return exact and order_of(op.result) == tuple(range(len(dims_of(op.result))))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        return ScheduleAttr.of(self.name) if self.accepts(body_ops(kernel), target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        images, _, *places = dims_of(returned(kernel)[0])
        return product([images, *places])

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(can_fail=True))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        op, frame = body_ops(kernel)[0], Frame.of(kernel, can_fail=True)
        assert isinstance(op, Sampler)
        cell = _Cell(frame, op)
        frame.b.for_(frame.b.lo, frame.b.hi, lambda i, _: cell.lower(i))
        return frame.finish()


class _Cell:
    """All channels of one place of the result."""

    def __init__(self, frame: Frame, op: Sampler) -> None:
        self.b, self.d, self.op = frame.b, Definer(frame, DEFINITIONS), op
        self.out = frame.evaluator.buffers[op.result]
        self.sizes = self.d.dims(op.result)
        self.strides = [self.b.dim(s) for s in physical_strides(op.result)]

    def lower(self, cell: Index) -> None:
        place = self.b.delinearize(cell, [self.sizes[0], *self.sizes[2:]])
        base = self.b.linear(place, [self.strides[0], *self.strides[2:]])
        work = self._point if isinstance(self.op, graph.SampleOp) else self._region
        work(place, base)

    def _channels(self, body: Callable[[SSAValue], None]) -> None:
        self.b.for_(0, self.sizes[1], lambda channel, _: body(channel))

    def _at(self, base: Index, channel: Index) -> list[Index]:
        return [self.b.add(base, self.b.mul(channel, self.strides[1]))]

    def _checked(self, positions: Sequence[tuple[Index, Index]], then: Callable[[], None]) -> None:
        """`then` where every position is inside; else the kernel fails."""
        condition = self.d.all([self.d.inside(p, size) for p, size in positions])
        if condition is None:
            then()
        else:
            self.b.if_(condition, then, self.d.frame.fail)

    def _point(self, place: Sequence[Index], base: Index) -> None:
        d, op = self.d, self.op
        assert isinstance(op, graph.SampleOp)

        def sampled() -> None:
            taps = sampling.point_taps(d, op, place)

            def channel(c: SSAValue) -> None:
                value = sampling.blend(d, op, [place[0], c], taps)
                self.b.store(to_storage(value), self.out, self._at(base, c))

            self._channels(channel)

        self._checked(sampling.unknown_sizes(d, op.x), sampled)

    def _region(self, place: Sequence[Index], base: Index) -> None:
        d, op, (region, *bin_) = self.d, self.op, place
        assert isinstance(op, graph.RoiAlignOp)
        image, checks = sampling.region_image(d, op, region)

        def pooled() -> None:
            spans = sampling.align_spans(d, op, region, bin_)
            largest = op.kind.data == "max"
            rows = spans[0]
            self._fill(base, rows.start.like(-inf if largest else 0.0))
            self.b.for_(rows.first, rows.end, lambda i, _: self._row(base, image, spans, i))

            def finish(c: SSAValue) -> None:
                total = self._load(base, c)
                self._store(base, c, sampling.finished(d, op, total, spans))

            self._channels(finish)

        self._checked(checks, pooled)

    def _row(self, base: Index, image: Index, spans: Sequence[sampling.Span], i: Index) -> None:
        d, op = self.d, self.op
        assert isinstance(op, graph.RoiAlignOp)

        def sample(j: SSAValue, _: Sequence[SSAValue]) -> None:
            taps = sampling.sample_taps(d, spans, (i, j))

            def channel(c: SSAValue) -> None:
                self._store(base, c, sampling.with_sample(d, op, self._load(base, c), [image, c], taps))

            self._channels(channel)

        self.b.for_(spans[1].first, spans[1].end, sample)

    def _fill(self, base: Index, value: Value) -> None:
        self._channels(lambda c: self._store(base, c, value))

    def _load(self, base: Index, channel: Index) -> Value:
        return Value(self.b, self.b.load(self.out, self._at(base, channel)), element_of(self.op.result))

    def _store(self, base: Index, channel: Index, value: Value) -> None:
        self.b.store(value.ssa, self.out, self._at(base, channel))
