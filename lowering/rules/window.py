"""The window rule: pooling and depthwise convolution of channels-last tensors, with a pointwise epilogue.

A window op slides over the spatial dims of x and treats every channel alike, so channels-last memory makes a tap one vector load.
One step of the parallel space is an output row: all columns of the innermost spatial dim, at one place of the others. Within a
row, blocks of channels are the outer loop (their weights stay in L1), columns the inner one. Where all taps of a column lie
inside x, several columns are computed at once in registers; at the borders the tap loops are clamped, so nothing outside x is
read and no padded copy is made. The taps of an element are always taken in order, whatever path computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import Float32Type, Float64Type, FunctionType, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import ints
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.elementwise import ElementwiseOp
from ...dialects.graph.types import dims_of, element_of, order_of, physical_strides, rank_of
from ...dialects.kernel import PackingAttr, ScheduleAttr, UnpackOp
from ..builder import Index, KernelBuilder
from ..kernel_attrs import sizes_of
from ..loop_types import vector_type
from ..packing import packed_type
from ..values import Value
from .row_epilogue import RowEpilogue, accepts_epilogue

DEPTHWISE = PackingAttr.of("depthwise")
ACCUMULATORS = {16: 8, 32: 16}
"""Registers for sums by the registers that the target has: the rest hold weights and loads."""
MAX_COLUMNS = 4


def channels_last(rank: int) -> tuple[int, ...]:
    """Batch, spatial dims, channels: the order of [N, C, I...] that a window wants."""
    return (0, *range(2, rank), 1)


def is_depthwise(op: Operation) -> bool:
    """A convolution with one input and one output channel per group."""
    if not isinstance(op, graph.ConvOp) or len(dims_of(op.weight)) < 3:
        return False
    outputs, inputs = dims_of(op.weight)[:2]
    return inputs == DimExpr.of(1) and outputs == dims_of(op.x)[1] and outputs == DimExpr.of(op.group.value.data)


def is_window(op: Operation) -> bool:
    """Whether the rule takes this op as its anchor."""
    pooling = isinstance(op, graph.PoolOp) and op.kind.data in ("max", "average")
    if not (pooling or is_depthwise(op)):
        return False
    x, result = op.operands[0], op.results[0]
    order = channels_last(rank_of(x))
    floats = isinstance(element_of(x), Float32Type | Float64Type)
    return floats and rank_of(x) >= 3 and order_of(x) == order and order_of(result) == order


@dataclass(frozen=True)
class Geometry:
    """Kernel, strides, dilations and pads of one window op, per spatial dim; the last is the column dim."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @staticmethod
    def of(op: Operation) -> Geometry:
        assert isinstance(op, graph.PoolOp | graph.ConvOp)
        kernel = ints(op.kernel) if isinstance(op, graph.PoolOp) else tuple(d.value for d in dims_of(op.weight)[2:])
        pads, rank = ints(op.pads), len(kernel)
        return Geometry(tuple(kernel), tuple(ints(op.strides)), tuple(ints(op.dilations)), tuple(pads[:rank]), tuple(pads[rank:]))

    @property
    def taps(self) -> int:
        return product(self.kernel).value


class WindowRule:
    """Max and average pooling and depthwise convolution, channels last."""

    name = "window"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        anchors = [op for op in ops if not isinstance(op, ElementwiseOp | graph.ConstantOp | UnpackOp)]
        return len(anchors) == 1 and is_window(anchors[0]) and accepts_epilogue(ops, anchors[0])

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = _ops(kernel)
        if not self.accepts(ops, target):
            return None
        lanes = target.lanes(_bits(element_of(ops[-1].results[0])))
        return ScheduleAttr.of(self.name, lanes=lanes, vectors=2, columns=_columns(target))

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        anchor = _anchor(kernel)
        if not isinstance(anchor, graph.ConvOp) or isinstance(anchor.weight.owner, UnpackOp):
            return
        argument = anchor.weight
        logical = argument.type
        unpack = UnpackOp(argument, DEPTHWISE, logical)
        assert anchor.parent is not None
        anchor.parent.insert_op_before(unpack, anchor)
        anchor.operands[1] = unpack.result
        packed = packed_type(DEPTHWISE, logical)
        argument._type = packed  # pyright: ignore[reportPrivateUsage]  # xDSL rebuilds the function to change an argument
        kernel.function_type = FunctionType.from_lists([a.type for a in kernel.args], list(kernel.function_type.outputs.data))

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return True

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        batch, _, *spatial = dims_of(_anchor(kernel).results[0])
        return product([batch, *spatial[:-1]])

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(0)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        buffers = [element_of(a) for a in kernel.args]
        result = _ops(kernel)[-1].results[0]
        builder = KernelBuilder(kernel.sym_name.data, [*buffers, element_of(result)], sizes_of(kernel))
        return _WindowKernel(builder, kernel, schedule).build()


def _ops(kernel: func.FuncOp) -> list[Operation]:
    return [op for op in kernel.body.block.ops if not isinstance(op, func.ReturnOp)]


def _anchor(kernel: func.FuncOp) -> graph.PoolOp | graph.ConvOp:
    return next(op for op in _ops(kernel) if isinstance(op, graph.PoolOp | graph.ConvOp))


def _bits(element: Attribute) -> int:
    return 64 if isinstance(element, Float64Type) else 32


def _columns(target: TargetModel) -> int:
    return min(ACCUMULATORS.get(target.vector_registers, 8) // 2, MAX_COLUMNS)


Taps = Sequence[tuple[Index, Index]]
"""For each outer spatial dim: an input coordinate of the row and the tap number."""


class _WindowKernel:
    """Builds the loops of one kernel."""

    def __init__(self, b: KernelBuilder, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        self.b = b
        self.anchor = _anchor(kernel)
        self.lanes, self.vectors, self.columns = (schedule[k] for k in ("lanes", "vectors", "columns"))
        self.geometry = Geometry.of(self.anchor)
        self.buffers: dict[SSAValue, SSAValue] = dict(zip(kernel.args, b.buffers, strict=False))
        x, result = self.anchor.operands[0], self.anchor.results[0]
        self.x = self.buffers[x]
        self.element = element_of(x)
        self.x_dims, self.out_dims = ([b.dim(d) for d in dims_of(v)] for v in (x, result))
        self.x_strides = [b.dim(s) for s in physical_strides(x)]
        self.channels = self.out_dims[1]
        self.epilogue = RowEpilogue(b, _ops(kernel), self.anchor, self.buffers, b.buffers[-1])
        self.weight: SSAValue | None = None
        self.bias: SSAValue | None = None
        if isinstance(self.anchor, graph.ConvOp):
            unpack = self.anchor.weight.owner
            assert isinstance(unpack, UnpackOp)
            self.weight = self.buffers[unpack.source]
            self.bias = None if self.anchor.bias is None else self.buffers[self.anchor.bias]

    def build(self) -> func.FuncOp:
        self.b.for_(self.b.lo, self.b.hi, lambda row, _: self._row(row))
        return self.b.finish()

    # -- loops ----------------------------------------------------------------------------------------------------------
    def _row(self, row: Index) -> None:
        b = self.b
        place = b.delinearize(row, [self.out_dims[0], *self.out_dims[2:-1]])
        block = self.lanes * self.vectors
        whole = b.mul(b.floordiv(self.channels, block), block)
        b.for_(0, whole, lambda c, _: self._channel_block(place, c, self.vectors, None), step=block)
        if not (isinstance(whole, int) and whole == self.channels):
            b.for_(whole, self.channels, lambda c, _: self._channel_tail(place, c), step=self.lanes)

    def _channel_tail(self, place: Sequence[Index], channel: SSAValue) -> None:
        mask = self.b.lane_mask(self.b.sub(self.channels, channel), self.lanes)
        self._channel_block(place, channel, 1, mask)

    def _channel_block(self, place: Sequence[Index], channel: SSAValue, vectors: int, mask: SSAValue | None) -> None:
        """All columns of a row for some vectors of channels: left border, interior, what is left."""
        b = self.b
        body = _Block(self, place, channel, vectors, mask)
        first, end = self._interior()
        count = b.mul(b.floordiv(b.sub(end, first), self.columns), self.columns)
        middle = b.add(first, count)
        b.for_(0, first, lambda column, _: body.clamped(column))
        b.for_(first, middle, lambda column, _: body.unclamped(column), step=self.columns)
        b.for_(middle, self.out_dims[-1], lambda column, _: body.clamped(column))

    def _interior(self) -> tuple[Index, Index]:
        """Columns [first, end) all of whose taps lie inside x."""
        b, g = self.b, self.geometry
        stride, before = g.strides[-1], g.before[-1]
        columns = self.out_dims[-1]
        first = b.min(-(-before // stride), columns)
        reach = (g.kernel[-1] - 1) * g.dilations[-1]
        room = b.max(b.add(self.x_dims[-1], before - reach - 1 + stride), 0)
        return first, b.max(b.min(b.floordiv(room, stride), columns), first)

    def clamp(self, dim: int, start: Index) -> tuple[Index, Index]:
        """Taps [low, high) of spatial dim `dim` that lie inside x when tap 0 is at coordinate `start`."""
        b, g = self.b, self.geometry
        dilation, size = g.dilations[dim], g.kernel[dim]
        low = b.min(b.ceildiv(b.max(b.sub(0, start), 0), dilation), size)
        high = b.min(b.ceildiv(b.max(b.sub(self.x_dims[2 + dim], start), 0), dilation), size)
        return low, b.max(high, low)

    def counted(self, dim: int, start: Index) -> Index:
        """Taps that an average counts in this dim when padding counts: all but those beyond the padding."""
        b, g = self.b, self.geometry
        room = b.sub(b.add(self.x_dims[2 + dim], g.after[dim]), start)
        return b.min(b.ceildiv(b.max(room, 0), g.dilations[dim]), g.kernel[dim])


def _users(g: Geometry, columns: int) -> dict[int, list[tuple[int, int]]]:
    """For each place of a row of x, from the first column's first tap on: the (column, tap) pairs that read it."""
    users: dict[int, list[tuple[int, int]]] = {}
    for column in range(columns):
        for tap in range(g.kernel[-1]):
            users.setdefault(column * g.strides[-1] + tap * g.dilations[-1], []).append((column, tap))
    return dict(sorted(users.items()))


class _Block:
    """The columns of one row for a block of channels."""

    def __init__(
        self, kernel: _WindowKernel, place: Sequence[Index], channel: SSAValue, vectors: int, mask: SSAValue | None
    ) -> None:
        self.k, self.b = kernel, kernel.b
        self.place, self.channel, self.vectors, self.mask = place, channel, vectors, mask
        g = kernel.geometry
        self.starts = [self.b.sub(self.b.mul(at, g.strides[d]), g.before[d]) for d, at in enumerate(place[1:])]
        self.ranges = [kernel.clamp(d, s) for d, s in enumerate(self.starts)]

    # -- columns --------------------------------------------------------------------------------------------------------
    def unclamped(self, column: Index) -> None:
        """Several adjacent columns whose taps all lie inside x; the taps of the column dim are unrolled.

        Each place of x is read once for all columns that have a tap there. Columns meet their taps in order.
        """
        g, columns = self.k.geometry, self.k.columns
        start = self.b.sub(self.b.mul(column, g.strides[-1]), g.before[-1])
        users = _users(g, columns)

        def taps(outer: Taps, sums: Sequence[SSAValue]) -> list[SSAValue]:
            weights = [self._weights(outer, tap) for tap in range(g.kernel[-1])]
            sums = list(sums)
            for place, readers in users.items():
                x = self._load(outer, self.b.add(start, place))
                for c, tap in readers:
                    at = slice(c * self.vectors, (c + 1) * self.vectors)
                    sums[at] = self._combined(sums[at], x, weights[tap])
            return sums

        sums = self._outer_taps(taps, self._initial() * columns)
        divisor = self._divisor(start, g.kernel[-1])
        for c in range(columns):
            self._finish(self._of(sums, c), self.b.add(column, c), divisor)

    def clamped(self, column: Index) -> None:
        """One column of which some taps may lie outside x; they are left out."""
        g = self.k.geometry
        start = self.b.sub(self.b.mul(column, g.strides[-1]), g.before[-1])
        low, high = self.k.clamp(len(g.kernel) - 1, start)

        def taps(outer: Taps, sums: Sequence[SSAValue]) -> list[SSAValue]:
            def one(tap: Index, carried: Sequence[SSAValue]) -> list[SSAValue]:
                at = self.b.add(start, self.b.mul(tap, g.dilations[-1]))
                return self._tap(carried, outer, at, self._weights(outer, tap))

            return self.b.for_(low, high, one, inits=sums)

        sums = self._outer_taps(taps, self._initial())
        self._finish(sums, column, self._divisor(start, self.b.sub(high, low)))

    def _of(self, sums: Sequence[SSAValue], column: int) -> Sequence[SSAValue]:
        return sums[column * self.vectors : (column + 1) * self.vectors]

    def _outer_taps(
        self, body: Callable[[Taps, Sequence[SSAValue]], list[SSAValue]], sums: Sequence[SSAValue], outer: Taps = ()
    ) -> list[SSAValue]:
        """Loop over the taps of all spatial dims but the last."""
        dim = len(outer)
        if dim == len(self.ranges):
            return body(outer, sums)
        low, high = self.ranges[dim]

        def one(tap: Index, carried: Sequence[SSAValue]) -> list[SSAValue]:
            at = self.b.add(self.starts[dim], self.b.mul(tap, self.k.geometry.dilations[dim]))
            return self._outer_taps(body, carried, [*outer, (at, tap)])

        return self.b.for_(low, high, one, inits=sums)

    # -- arithmetic -----------------------------------------------------------------------------------------------------
    def _initial(self) -> list[SSAValue]:
        anchor = self.k.anchor
        type_ = vector_type(self.k.element, self.k.lanes)
        if self.k.bias is not None:
            return [self.b.vload(self.k.bias, [self._channel(v)], self.k.lanes, self.mask) for v in range(self.vectors)]
        lowest = isinstance(anchor, graph.PoolOp) and anchor.kind.data == "max"
        return [self.b.const(float("-inf") if lowest else 0.0, type_)] * self.vectors

    def _channel(self, vector: int) -> Index:
        return self.b.add(self.channel, vector * self.k.lanes)

    def _weights(self, outer: Taps, tap: Index) -> list[SSAValue] | None:
        if self.k.weight is None:
            return None
        number = self.b.linear(
            [t for _, t in outer], [product(self.k.geometry.kernel[d + 1 :]).value for d in range(len(outer))], tap
        )
        base = self.b.mul(number, self.k.channels)
        at = [self.b.add(base, self._channel(v)) for v in range(self.vectors)]
        return [self.b.vload(self.k.weight, [a], self.k.lanes, self.mask) for a in at]

    def _tap(self, sums: Sequence[SSAValue], outer: Taps, at: Index, weights: Sequence[SSAValue] | None) -> list[SSAValue]:
        """Take one tap of one column into its sums (or maxima)."""
        return self._combined(sums, self._load(outer, at), weights)

    def _load(self, outer: Taps, at: Index) -> list[SSAValue]:
        """The vectors of x at some coordinate of the column dim."""
        coordinates = [self.place[0], *(i for i, _ in outer), at]
        strides = [self.k.x_strides[0], *self.k.x_strides[2:]]
        base = self.b.linear(coordinates, strides)
        return [
            self.b.vload(self.k.x, [self.b.add(base, self._channel(v))], self.k.lanes, self.mask) for v in range(self.vectors)
        ]

    def _combined(self, sums: Sequence[SSAValue], x: Sequence[SSAValue], weights: Sequence[SSAValue] | None) -> list[SSAValue]:
        """Sums (or maxima) of one column with one more tap."""
        factors = weights or [None] * len(sums)
        return [self._combine(*entry) for entry in zip(sums, x, factors, strict=True)]

    def _combine(self, total: SSAValue, x: SSAValue, weight: SSAValue | None) -> SSAValue:
        if weight is not None:
            return self.b.fma(x, weight, total)
        assert isinstance(self.k.anchor, graph.PoolOp)
        if self.k.anchor.kind.data == "average":
            return self.b.addf(total, x)
        value = Value(self.b, x, self.k.element)
        return value.gt(Value(self.b, total, self.k.element)).select(value, Value(self.b, total, self.k.element)).ssa

    def _divisor(self, start: Index, columns: Index) -> SSAValue | None:
        """How many taps an average is over, as a vector; None for other ops."""
        anchor = self.k.anchor
        if not isinstance(anchor, graph.PoolOp) or anchor.kind.data != "average":
            return None
        counts: list[Index] = [self.b.sub(high, low) for low, high in self.ranges] + [columns]
        if anchor.count_include_pad.value.data:
            starts = [*self.starts, start]
            counts = [self.k.counted(d, s) for d, s in enumerate(starts)]
        total: Index = 1
        for count in counts:
            total = self.b.mul(total, count)
        return self.b.broadcast(self._float(self.b.max(total, 1)), self.k.lanes)

    def _float(self, count: Index) -> SSAValue:
        integer = self.b.pure(arith.IndexCastOp, [self.b.index(count)], i64)
        return self.b.pure(arith.SIToFPOp, [integer], self.k.element)

    def _finish(self, sums: Sequence[SSAValue], column: Index, divisor: SSAValue | None) -> None:
        position = [self.place[0], 0, *self.place[1:], column]
        for v, total in enumerate(sums):
            if divisor is not None:
                total = (Value(self.b, total, self.k.element) / Value(self.b, divisor, self.k.element)).ssa
            self.k.epilogue.store(total, position, self._channel(v), self.k.lanes, self.mask)
