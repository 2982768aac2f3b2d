"""The reduction rule: reduce, softmax and normalisations, with a pointwise epilogue.

In memory order the dims of x must read [outer..., reduced..., inner...]. Without inner dims a row is reduced by vectors along
itself ("rows"); with inner dims whole vectors of the inner dims are combined down the reduced dims ("columns"), as a global
average pool of a channels-last tensor does. Softmax and norms are rows only: a few passes over a row that stays in L1.

The order of every sum is fixed by the length of the row and the width of a vector: four running vectors, combined in pairs, then
halved until one lane is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func, math, vector
from xdsl.dialects.builtin import BFloat16Type, DenseArrayBase, Float16Type, Float32Type, Float64Type, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import flag, i1, ints
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.elementwise import ElementwiseOp
from ...dialects.graph.types import Dims, dims_of, element_of, order_of
from ...dialects.kernel import ScheduleAttr
from ..builder import Index, KernelBuilder
from ..casts import to_register, to_storage
from ..kernel_attrs import body_ops, returned, sizes_of
from ..loop_types import vector_type
from ..pointwise import emit_pointwise, softmax_exp
from ..values import Value, register_type

ONE = DimExpr.of(1)
FLOATS = (Float16Type, BFloat16Type, Float32Type, Float64Type)
RUNNING = 4
"""Running vectors of a row: enough chains to hide the latency of an add."""
COLUMN_VECTORS = 4
CHUNK_ROWS = 64
"""Columns are summed by chunks of rows first: the error of one long chain would grow with its length."""


# -- what is reduced ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reducer:
    """A commutative reduction: what is taken of each element, how two are combined, what becomes of the result."""

    initial: float
    take: Callable[[Value], Value]
    combine: Callable[[Value, Value], Value]
    finish: Callable[[Value, Value], Value] = lambda total, _: total
    """From the total and the count."""


def _same(x: Value) -> Value:
    return x


def _add(a: Value, b: Value) -> Value:
    return a + b


def _square(x: Value) -> Value:
    return x * x


REDUCERS: dict[str, Reducer] = {
    "sum": Reducer(0.0, _same, _add),
    "mean": Reducer(0.0, _same, _add, lambda total, count: total / count),
    "l1": Reducer(0.0, abs, _add),
    "l2": Reducer(0.0, _square, _add, lambda total, _: total.math(math.SqrtOp)),
    "sum_square": Reducer(0.0, _square, _add),
    "log_sum": Reducer(0.0, _same, _add, lambda total, _: total.math(math.LogOp)),
    "prod": Reducer(1.0, _same, lambda a, b: a * b),
    "max": Reducer(float("-inf"), _same, lambda a, b: a.maximum(b)),
    "min": Reducer(float("inf"), _same, lambda a, b: a.minimum(b)),
}
SUM, SQUARES = REDUCERS["sum"], REDUCERS["sum_square"]
# A NaN shows in the sum of exponentials whichever way the maximum treats it, so the cheap maximum will do.
PEAK = Reducer(float("-inf"), _same, lambda a, b: b.gt(a).select(b, a))

NORMS = (graph.LayerNormOp, graph.RmsNormOp)
SOFTMAXES = (graph.SoftmaxOp, graph.LogSoftmaxOp)
Anchor = graph.ReduceOp | graph.SoftmaxOp | graph.LogSoftmaxOp | graph.LayerNormOp | graph.RmsNormOp
ANCHORS = (graph.ReduceOp, *NORMS, *SOFTMAXES)


@dataclass(frozen=True)
class Shape:
    """x as [outer, reduced, inner] in memory."""

    outer: DimExpr
    reduced: DimExpr
    inner: DimExpr


def reduced_axes(op: Anchor) -> tuple[int, ...]:
    rank = len(dims_of(op.x))
    if isinstance(op, graph.ReduceOp):
        return tuple(ints(op.axes))
    axis = op.axis.value.data % rank
    return (axis,) if isinstance(op, SOFTMAXES) else tuple(range(axis, rank))


def shape_of(op: Anchor) -> Shape | None:
    """The three extents, or None where the reduced dims are not together in memory."""
    dims, order, axes = dims_of(op.x), order_of(op.x), set(reduced_axes(op))
    moving = [a for a in order if dims[a] != ONE]
    positions = [i for i, a in enumerate(moving) if a in axes]
    if not positions:
        return Shape(product(dims[a] for a in moving), ONE, ONE)
    first, last = positions[0], positions[-1]
    if len(positions) != last - first + 1:
        return None
    return Shape(*(product(dims[a] for a in part) for part in (moving[:first], moving[first : last + 1], moving[last + 1 :])))


class ReductionRule:
    """Reductions over dims that lie together in memory, softmax and layer/rms norms over the innermost ones."""

    name = "reduction"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        anchors = [op for op in ops if not isinstance(op, ElementwiseOp | graph.ConstantOp)]
        if len(anchors) != 1 or not isinstance(anchors[0], ANCHORS):
            return False
        anchor = anchors[0]
        return _supported(anchor) and _accepts_epilogue(ops, anchor)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = body_ops(kernel)
        if not self.accepts(ops, target):
            return None
        bits = 64 if isinstance(element_of(_anchor(ops).x), Float64Type) else 32
        shape = shape_of(_anchor(ops))
        assert shape is not None
        return ScheduleAttr.of(self.name, lanes=target.lanes(bits), columns=int(shape.inner != ONE))

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        pass

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return True

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        shape = shape_of(_anchor(body_ops(kernel)))
        assert shape is not None
        return shape.outer * shape.inner.ceildiv(schedule["lanes"] * COLUMN_VECTORS) if schedule["columns"] else shape.outer

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        anchor = _anchor(body_ops(kernel))
        shape = shape_of(anchor)
        assert shape is not None
        return shape.reduced * _itemsize(anchor) if isinstance(anchor, SOFTMAXES) else DimExpr.of(0)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        buffers = [element_of(v) for v in (*kernel.args, *returned(kernel))]
        builder = KernelBuilder(kernel.sym_name.data, buffers, sizes_of(kernel))
        return _ReductionKernel(builder, kernel, schedule).build()


def _anchor(ops: Sequence[Operation]) -> Anchor:
    return next(op for op in ops if isinstance(op, ANCHORS))


def _itemsize(op: Anchor) -> int:
    return 8 if isinstance(element_of(op.x), Float64Type) else 4


def _supported(op: Anchor) -> bool:
    shape = shape_of(op)
    if shape is None or not isinstance(element_of(op.x), FLOATS):
        return False
    if isinstance(op, graph.ReduceOp):
        return op.kind.data in REDUCERS and _keeps_order(op)
    same_order = order_of(op.results[0]) == order_of(op.x)
    parameters = [p for p in op.operands[1:] if not _is_scalar(p)]
    trailing = dims_of(op.x)[-len(reduced_axes(op)) :]
    return shape.inner == ONE and same_order and all(_strip(dims_of(p)) == _strip(trailing) for p in parameters)


def _keeps_order(op: graph.ReduceOp) -> bool:
    """Whether the kept dims lie in the result as they lie in x."""
    axes, dims = set(ints(op.axes)), dims_of(op.x)
    kept = [a for a in range(len(dims)) if flag(op.keepdims) or a not in axes]
    before = [kept.index(a) for a in order_of(op.x) if a not in axes and dims[a] != ONE]
    after = [a for a in order_of(op.result) if dims_of(op.result)[a] != ONE]
    return before == after


def _strip(dims: Dims) -> Dims:
    """Without leading dims of 1."""
    first = next((i for i, d in enumerate(dims) if d != ONE), len(dims))
    return dims[first:]


def _is_scalar(value: SSAValue) -> bool:
    return all(d == ONE for d in dims_of(value))


def _accepts_epilogue(ops: Sequence[Operation], anchor: Anchor) -> bool:
    """Pointwise ops after the anchor whose other operands are scalars or tensors of the result's shape and order."""
    members = set(ops)
    dims, order = dims_of(anchor.results[0]), order_of(anchor.results[0])
    for op in ops:
        if op is anchor or isinstance(op, graph.ConstantOp):
            continue
        if not isinstance(op, ElementwiseOp) or dims_of(op.results[0]) != dims or order_of(op.results[0]) != order:
            return False
        outside = [o for o in op.operands if not (isinstance(o.owner, Operation) and o.owner in members)]
        if len(outside) == len(op.operands):
            return False
        if not all(_is_scalar(o) or (dims_of(o) == dims and order_of(o) == order and not _is_inline(o)) for o in outside):
            return False
    return True


def _is_inline(value: SSAValue) -> bool:
    return isinstance(value.owner, graph.ConstantOp) and value.owner.dense is not None


# -- loops --------------------------------------------------------------------------------------------------------------
class _ReductionKernel:
    """Builds the loops of one kernel."""

    def __init__(self, b: KernelBuilder, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        self.b = b
        self.ops = body_ops(kernel)
        self.anchor = _anchor(self.ops)
        self.epilogue = [op for op in self.ops if isinstance(op, ElementwiseOp)]
        self.lanes, self.columns = schedule["lanes"], bool(schedule["columns"])
        self.buffers: dict[SSAValue, SSAValue] = dict(zip(kernel.args, b.buffers, strict=False))
        self.result = returned(kernel)[0]
        self.out = b.buffers[-1]
        self.element = element_of(self.anchor.x)
        self.register = register_type(self.element)
        shape = shape_of(self.anchor)
        assert shape is not None
        self.length, self.inner = b.dim(shape.reduced), b.dim(shape.inner)
        self.x = self.buffers[self.anchor.x]

    def build(self) -> func.FuncOp:
        body: Callable[[Index], None]
        if isinstance(self.anchor, graph.ReduceOp):
            body = self._column_block if self.columns else self._reduce_row
        elif isinstance(self.anchor, NORMS):
            body = self._norm_row
        else:
            body = self._softmax_row
        self.b.for_(self.b.lo, self.b.hi, lambda i, _: body(i))
        return self.b.finish()

    # -- values ---------------------------------------------------------------------------------------------------------
    def _load(self, buffer: SSAValue, at: Index, element: Attribute, mask: SSAValue | None) -> Value:
        return to_register(self.b, self.b.vload(buffer, [at], self.lanes, mask), element)

    def _constant(self, number: float, lanes: int) -> Value:
        type_ = vector_type(self.register, lanes) if lanes else self.register
        return Value(self.b, self.b.const(number, type_), self.element)

    def _spread(self, scalar: Value) -> Value:
        return scalar.of(self.b.broadcast(scalar.ssa, self.lanes))

    def _count(self) -> Value:
        integer = self.b.pure(arith.IndexCastOp, [self.b.index(self.length)], i64)
        return Value(self.b, self.b.pure(arith.SIToFPOp, [integer], self.register), self.element)

    # -- rows -----------------------------------------------------------------------------------------------------------
    def _vectors(self, body: Callable[[Index, SSAValue | None], None]) -> None:
        """`body(position, mask)` for every vector of a row; the last may be masked."""
        b = self.b
        whole = b.mul(b.floordiv(self.length, self.lanes), self.lanes)
        b.for_(0, whole, lambda at, _: body(at, None), step=self.lanes)
        b.for_(whole, self.length, lambda at, _: body(at, b.lane_mask(b.sub(self.length, at), self.lanes)), step=self.lanes)

    def _reduce(self, load: Callable[[Index, SSAValue | None], Value], reducer: Reducer) -> Value:
        """A row reduced to a scalar, `finish` not applied."""
        b, lanes = self.b, self.lanes
        block = lanes * RUNNING
        whole = b.mul(b.floordiv(self.length, block), block)
        start = self._constant(reducer.initial, lanes)

        def full(at: Index, totals: Sequence[SSAValue]) -> list[SSAValue]:
            taken = [reducer.take(load(b.add(at, i * lanes), None)) for i in range(RUNNING)]
            return [reducer.combine(t.of(total), t).ssa for total, t in zip(totals, taken, strict=True)]

        def masked(at: Index, totals: Sequence[SSAValue]) -> list[SSAValue]:
            mask = b.lane_mask(b.sub(self.length, at), lanes)
            taken = reducer.take(load(at, mask))
            combined = reducer.combine(taken.of(totals[0]), taken)
            return [Value(b, mask, i1).select(combined, taken.of(totals[0])).ssa]

        totals = b.for_(0, whole, full, step=block, inits=[start.ssa] * RUNNING)
        totals[0] = b.for_(whole, self.length, masked, step=lanes, inits=[totals[0]])[0]
        values = [start.of(t) for t in totals]
        pair = reducer.combine(reducer.combine(values[0], values[1]), reducer.combine(values[2], values[3]))
        return self._halve(pair, reducer)

    def _halve(self, value: Value, reducer: Reducer) -> Value:
        """The lanes of a vector combined in pairs until one is left."""
        b, lanes = self.b, self.lanes
        while lanes > 1:
            lanes //= 2
            low, high = (self._slice(value, start, lanes) for start in (0, lanes))
            value = reducer.combine(low, high)
        position = {"static_position": DenseArrayBase.from_list(i64, [0])}
        return value.of(b.pure(vector.ExtractOp, [value.ssa], self.register, position))

    def _slice(self, value: Value, start: int, lanes: int) -> Value:
        picks = {"mask": DenseArrayBase.from_list(i64, list(range(start, start + lanes)))}
        return value.of(self.b.pure(vector.ShuffleOp, [value.ssa, value.ssa], vector_type(self.register, lanes), picks))

    def _row_loader(self, row: Index) -> Callable[[Index, SSAValue | None], Value]:
        base = self.b.mul(row, self.length)
        return lambda at, mask: self._load(self.x, self.b.add(base, at), self.element, mask)

    def _reduce_row(self, row: Index) -> None:
        assert isinstance(self.anchor, graph.ReduceOp)
        reducer = REDUCERS[self.anchor.kind.data]
        total = self._reduce(self._row_loader(row), reducer)
        self._finish(reducer.finish(total, self._count()), row, None)

    def _softmax_row(self, row: Index) -> None:
        b, load = self.b, self._row_loader(row)
        kept = b.scratch_view(b.scratch, 0, self.length, self.register)
        peak = self._spread(self._reduce(load, PEAK))
        is_log = isinstance(self.anchor, graph.LogSoftmaxOp)

        def exponential(at: Index, mask: SSAValue | None) -> Value:
            shifted = load(at, mask) - peak
            power = softmax_exp(shifted)  # the peak is subtracted
            b.vstore((shifted if is_log else power).ssa, kept, [at], mask)
            return power

        total = self._reduce(exponential, SUM)
        scale = self._spread(total.math(math.LogOp) if is_log else 1.0 / total)

        def finish(at: Index, mask: SSAValue | None) -> None:
            value = scale.of(b.vload(kept, [at], self.lanes, mask))
            self._finish(value - scale if is_log else value * scale, b.add(b.mul(row, self.length), at), mask)

        self._vectors(finish)

    def _norm_row(self, row: Index) -> None:
        assert isinstance(self.anchor, NORMS)
        load, anchor = self._row_loader(row), self.anchor
        mean = self._spread(self._reduce(load, SUM) / self._count()) if isinstance(anchor, graph.LayerNormOp) else None

        def centred(at: Index, mask: SSAValue | None) -> Value:
            return load(at, mask) if mean is None else load(at, mask) - mean

        variance = self._reduce(centred, SQUARES) / self._count()
        deviation = (variance + anchor.epsilon.value.data).math(math.SqrtOp)
        scale = self._spread(1.0 / deviation)

        def finish(at: Index, mask: SSAValue | None) -> None:
            value = centred(at, mask) * scale * self._parameter(anchor.scale, at, mask)
            if isinstance(anchor, graph.LayerNormOp) and anchor.bias is not None:
                value = value + self._parameter(anchor.bias, at, mask)
            self._finish(value, self.b.add(self.b.mul(row, self.length), at), mask)

        self._vectors(finish)

    def _parameter(self, value: SSAValue, at: Index, mask: SSAValue | None) -> Value:
        if _is_inline(value) or _is_scalar(value):
            return self._operand(value, 0, self.lanes, None)
        return self._load(self.buffers[value], at, element_of(value), mask)

    # -- columns --------------------------------------------------------------------------------------------------------
    def _column_block(self, step: Index) -> None:
        """Some vectors of inner elements of one outer index."""
        b, width = self.b, self.lanes * COLUMN_VECTORS
        blocks = b.ceildiv(self.inner, width)
        outer, first = b.floordiv(step, blocks), b.mul(b.mod(step, blocks), width)
        left = b.sub(self.inner, first)
        full = b.cmp("sge", left, width)
        b.if_(full, lambda: self._columns(outer, first, [None] * COLUMN_VECTORS), lambda: self._ragged(outer, first))

    def _ragged(self, outer: Index, first: Index) -> None:
        b = self.b

        def one(at: Index, _: Sequence[SSAValue]) -> None:
            self._columns(outer, at, [b.lane_mask(b.sub(self.inner, at), self.lanes)])

        b.for_(first, self.inner, one, step=self.lanes)

    def _columns(self, outer: Index, first: Index, masks: Sequence[SSAValue | None]) -> None:
        assert isinstance(self.anchor, graph.ReduceOp)
        b, reducer = self.b, REDUCERS[self.anchor.kind.data]
        base = b.mul(outer, b.mul(self.length, self.inner))
        at = [b.add(first, v * self.lanes) for v in range(len(masks))]

        def down(row: Index, totals: Sequence[SSAValue]) -> list[SSAValue]:
            start = b.add(base, b.mul(row, self.inner))
            loaded = [self._load(self.x, b.add(start, a), self.element, m) for a, m in zip(at, masks, strict=True)]
            return [reducer.combine(x.of(t), reducer.take(x)).ssa for t, x in zip(totals, loaded, strict=True)]

        start = self._constant(reducer.initial, self.lanes)
        fresh = [start.ssa] * len(masks)

        def chunk(row: Index, totals: Sequence[SSAValue]) -> list[SSAValue]:
            partial = b.for_(row, b.min(b.add(row, CHUNK_ROWS), self.length), down, inits=fresh)
            return [reducer.combine(start.of(t), start.of(p)).ssa for t, p in zip(totals, partial, strict=True)]

        totals = b.for_(0, self.length, chunk, step=CHUNK_ROWS, inits=fresh)
        count = self._spread(self._count())
        for total, a, mask in zip(totals, at, masks, strict=True):
            self._finish(reducer.finish(start.of(total), count), b.add(b.mul(outer, self.inner), a), mask)

    # -- epilogue -------------------------------------------------------------------------------------------------------
    def _finish(self, value: Value, at: Index, mask: SSAValue | None) -> None:
        """Epilogue and store of a scalar or vector of the anchor's results at a linear position."""
        known: dict[SSAValue, SSAValue] = {self.anchor.results[0]: value.ssa}
        for op in self.epilogue:
            operands = [known[o] if o in known else self._operand(o, at, value.lanes, mask).ssa for o in op.operands]
            known[op.results[0]] = emit_pointwise(self.b, op, operands)
        stored = to_storage(Value(self.b, known[self.result], element_of(self.result)))
        if value.lanes:
            self.b.vstore(stored, self.out, [at], mask)
        else:
            self.b.store(stored, self.out, [at])

    def _operand(self, operand: SSAValue, at: Index, lanes: int, mask: SSAValue | None) -> Value:
        b, element = self.b, element_of(operand)
        if _is_inline(operand):
            assert isinstance(operand.owner, graph.ConstantOp) and operand.owner.dense is not None
            number = next(iter(operand.owner.dense.get_values()))
            assert not isinstance(number, tuple)
            kind = register_type(element)
            return Value(b, b.const(number, vector_type(kind, lanes) if lanes else kind), element)
        buffer = self.buffers[operand]
        if not lanes or _is_scalar(operand):
            scalar = to_register(b, b.load(buffer, [0 if _is_scalar(operand) else at]), element)
            return scalar.of(b.broadcast(scalar.ssa, lanes)) if lanes else scalar
        return self._load(buffer, at, element, mask)
