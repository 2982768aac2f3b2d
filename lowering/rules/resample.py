"""The resample rule: nearest and linear resize of channels-last tensors, vectors along the channels.

A step of the parallel space is an output row: all columns of the innermost spatial dim at one place of the others. The source
coordinate of a column is computed once, in f32, and serves all channels.

Sizes and scales of run time may resample batch and channels too. They hardly ever do: each row asks, and if so goes element by
element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func, math
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, Float64Type, f32, i64
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import flag
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, order_of, physical_strides, rank_of
from ...dialects.kernel import ScheduleAttr
from ..builder import Index
from ..casts import to_register, to_storage
from ..definitions import DEFINITIONS, Definer
from ..definitions.resize import axis_of, resampled, rounded, still, still_at_run_time
from ..frame import Frame
from ..kernel_attrs import body_ops
from ..loop_types import INDEX
from ..values import Value, register_type
from .window import channels_last

FLOATS = (Float16Type, BFloat16Type, Float32Type, Float64Type)


@dataclass(frozen=True)
class Taps:
    """Where a coordinate falls in one dim of x: the indices read, and their weights (none for nearest)."""

    indices: tuple[Index, ...]
    weights: tuple[Value, ...] = ()


class ResampleRule:
    """Nearest and linear resize of spatial dims, channels last."""

    name = "resample"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1 or not isinstance(op := ops[0], graph.ResizeOp) or rank_of(op.x) < 3:
            return False
        order = channels_last(rank_of(op.x))
        plain = not (flag(op.antialias) or flag(op.exclude_outside) or op.is_region)
        spatial = all(axis >= 2 or axis in still_at_run_time(op) for axis in resampled(op))
        floats = isinstance(element_of(op.x), FLOATS)
        ordered = order_of(op.x) == order and order_of(op.result) == order
        return plain and spatial and floats and ordered and op.mode.data in ("nearest", "linear")

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = body_ops(kernel)
        if not self.accepts(ops, target):
            return None
        return ScheduleAttr.of(
            self.name, lanes=target.lanes(64 if isinstance(element_of(ops[0].results[0]), Float64Type) else 32)
        )

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        pass

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return True

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        batch, _, *spatial = dims_of(_op(kernel).result)
        return product([batch, *spatial[:-1]])

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(0)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        return _Resample(Frame.of(kernel), _op(kernel), schedule["lanes"]).build()


def _op(kernel: func.FuncOp) -> graph.ResizeOp:
    return next(op for op in body_ops(kernel) if isinstance(op, graph.ResizeOp))


class _Resample:
    """Builds the loops of one kernel."""

    def __init__(self, frame: Frame, op: graph.ResizeOp, lanes: int) -> None:
        self.b, self.op, self.lanes = frame.b, op, lanes
        self.definer, b = Definer(frame, DEFINITIONS), frame.b
        self.x, self.out = b.buffers[0], b.buffers[-1]
        self.element = element_of(op.x)
        self.sizes, self.targets = ([b.dim(d) for d in dims_of(v)] for v in (op.x, op.result))
        self.x_strides, self.out_strides = ([b.dim(s) for s in physical_strides(v)] for v in (op.x, op.result))
        self.leading = still_at_run_time(op)
        self.moved = [axis for axis in resampled(op) if axis not in self.leading]

    def build(self) -> func.FuncOp:
        self.b.for_(self.b.lo, self.b.hi, lambda row, _: self._row(row))
        return self.b.finish()

    def _row(self, row: Index) -> None:
        b, factors = self.b, self.op.factors
        place = b.delinearize(row, [self.targets[0], *self.targets[2:-1]])
        kept = [still(b, self.op, axis, factors and self.definer.element(factors, [axis])) for axis in self.leading]
        if kept:
            b.if_(self.definer.all(kept) or kept[0], lambda: self._columns(place), lambda: self._elements(place))
        else:
            self._columns(place)

    def _elements(self, place: Sequence[Index]) -> None:
        """A row by the op's definition."""
        b = self.b

        def element(column: Index, channel: Index) -> None:
            at = [place[0], channel, *place[1:], column]
            b.store(to_storage(self.definer.element(self.op.result, at)), self.out, [b.linear(at, self.out_strides)])

        b.for_(0, self.targets[-1], lambda column, _: b.for_(0, self.targets[1], lambda c, _: element(column, c)))

    def _columns(self, place: Sequence[Index]) -> None:
        b = self.b
        outer = [self._taps(axis + 2, at) for axis, at in enumerate(place[1:])]

        def column(at: SSAValue, _: Sequence[SSAValue]) -> None:
            taps = [*outer, self._taps(len(self.sizes) - 1, at)]
            to = b.linear([*place, at], [self.out_strides[0], *self.out_strides[2:]])
            self._channels(b.mul(place[0], self.x_strides[0]), taps, to)

        b.for_(0, self.targets[-1], column)

    def _channels(self, base: Index, taps: Sequence[Taps], to: Index) -> None:
        b, channels = self.b, self.sizes[1]
        whole = b.mul(b.floordiv(channels, self.lanes), self.lanes)

        def block(at: Index, mask: SSAValue | None) -> None:
            value = self._sample(b.add(base, at), taps, 2, mask)
            b.vstore(to_storage(value), self.out, [b.add(to, at)], mask)

        b.for_(0, whole, lambda at, _: block(at, None), step=self.lanes)
        b.for_(whole, channels, lambda at, _: block(at, b.lane_mask(b.sub(channels, at), self.lanes)), step=self.lanes)

    def _sample(self, offset: Index, taps: Sequence[Taps], axis: int, mask: SSAValue | None) -> Value:
        """The weighted mean over the taps of the spatial dims from `axis` on."""
        b = self.b
        if not taps:
            return to_register(b, b.vload(self.x, [offset], self.lanes, mask), self.element)
        first, *rest = taps
        values = [self._sample(b.add(offset, b.mul(i, self.x_strides[axis])), rest, axis + 1, mask) for i in first.indices]
        if not first.weights:
            return values[0]
        total = values[0] * self._spread(first.weights[0])
        for value, weight in zip(values[1:], first.weights[1:], strict=True):
            total = total + value * self._spread(weight)
        return total

    def _spread(self, weight: Value) -> Value:
        kind = register_type(self.element)
        scalar = weight if kind == f32 else weight.convert(arith.ExtFOp, self.element)
        return Value(self.b, self.b.broadcast(scalar.ssa, self.lanes), self.element)

    # -- coordinates ----------------------------------------------------------------------------------------------------
    def _taps(self, axis: int, index: Index) -> Taps:
        if axis not in self.moved:
            return Taps((index,))
        where = axis_of(self.definer, self.op, axis, index).where
        if self.op.mode.data == "nearest":
            return Taps((self._clamped(rounded(self.op.nearest.data, where), axis),))
        low = where.math(math.FloorOp)
        fraction = where - low
        return Taps((self._clamped(low, axis), self._clamped(low + 1.0, axis)), (1.0 - fraction, fraction))

    def _clamped(self, where: Value, axis: int) -> Index:
        """A whole coordinate as an index inside x."""
        b = self.b
        integer = b.pure(arith.FPToSIOp, [where.ssa], i64)
        index = b.pure(arith.IndexCastOp, [integer], INDEX)
        return b.max(b.min(index, b.sub(self.sizes[axis], 1)), 0)
