"""The copies rule: concat, gather and gather_nd as copies of contiguous runs.

In memory order a concat along an axis is, for every index of the dims outside it, one run from each operand after the other; a
gather along an axis copies for every index of the outer dims and every entry of `indices` the run of the dims inside the axis;
gather_nd copies a run for every index tuple. Runs are copied by vectors, whatever the element is; a run of the result that is
long is cut in blocks, so that threads can share it. An index out of [-n, n) stops the kernel before anything is read there.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import i32
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import i1, integer
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, order_of
from ...dialects.kernel import ScheduleAttr
from ...runtime.codes import INDEX_OUT_OF_RANGE
from ..builder import Index, KernelBuilder
from ..kernel_attrs import body_ops, returned, sizes_of
from ..loop_types import INDEX, bit_width, storage_type
from .runs import RunBuilder

SHORT = 4
"""Runs of fewer elements are not worth a copy loop."""
BLOCK_BYTES = 32768
"""Bytes of a run that a grid cell copies at most."""


class CopiesRule:
    """Concat, and gathers of row-major tensors."""

    name = "copies"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1:
            return False
        op = ops[0]
        if isinstance(op, graph.ConcatOp):
            return len({order_of(v) for v in (*op.operands, op.result)}) == 1
        if isinstance(op, graph.GatherNdOp) and not _worth_copying(_tuple_run(op)):
            return False
        return isinstance(op, graph.GatherOp | graph.GatherNdOp) and all(_row_major(v) for v in (*op.operands, op.result))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = body_ops(kernel)
        if not self.accepts(ops, target):
            return None
        bits = bit_width(storage_type(element_of(ops[0].results[0])))
        block, run = BLOCK_BYTES * 8 // bits, _run_dims(ops[0])
        is_short = run.is_static and run.value <= block
        return ScheduleAttr.of(self.name, lanes=target.vector_bytes * 8 // bits, block=0 if is_short else block)

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        pass

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return True

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        op, block = body_ops(kernel)[0], schedule.get("block", 0)
        return _runs(op) * _run_dims(op).ceildiv(block) if block else _runs(op)

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(0)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        op = body_ops(kernel)[0]
        values = [*kernel.args, *returned(kernel)]
        builder = _CopyBuilder(kernel.sym_name.data, [element_of(v) for v in values], sizes_of(kernel))
        builder.lanes, builder.block_elements = schedule["lanes"], schedule.get("block", 0)
        builder.masked = target.can_mask(bit_width(storage_type(element_of(op.results[0]))))
        buffers: dict[SSAValue, SSAValue] = dict(zip(values, builder.buffers, strict=True))
        if isinstance(op, graph.GatherOp):
            return _gather(builder, op, buffers)
        if isinstance(op, graph.GatherNdOp):
            return _gather_nd(builder, op, buffers)
        assert isinstance(op, graph.ConcatOp)
        return _concat(builder, op, buffers)


def _row_major(value: SSAValue) -> bool:
    order = order_of(value)
    return order == tuple(range(len(order)))


def _axis(op: Operation) -> int:
    assert isinstance(op, graph.ConcatOp | graph.GatherOp)
    return op.axis.value.data % len(dims_of(op.operands[0]))


def _around(value: SSAValue, axis: int) -> tuple[DimExpr, DimExpr, DimExpr]:
    """Elements outside the axis in memory, along it, and inside it."""
    dims, order = dims_of(value), order_of(value)
    place = order.index(axis)
    outside, inside = (product(dims[a] for a in part) for part in (order[:place], order[place + 1 :]))
    return outside, dims[axis], inside


def _tuple_run(op: graph.GatherNdOp) -> DimExpr:
    """Elements that an index tuple addresses."""
    return product(dims_of(op.x)[integer(op.batch_dims) + dims_of(op.indices)[-1].value :])


def _worth_copying(run: DimExpr) -> bool:
    return not run.is_static or run.value >= SHORT


def _run_dims(op: Operation) -> DimExpr:
    """Elements of a run of the result: what a grid cell copies where runs are not cut."""
    if isinstance(op, graph.GatherNdOp):
        return _tuple_run(op)
    _, along, inside = _around(op.results[0] if isinstance(op, graph.ConcatOp) else op.operands[0], _axis(op))
    return along * inside if isinstance(op, graph.ConcatOp) else inside


def _runs(op: Operation) -> DimExpr:
    """How many runs the result has."""
    if isinstance(op, graph.GatherNdOp):
        return product(dims_of(op.indices)[:-1])
    outer, _, _ = _around(op.results[0] if isinstance(op, graph.ConcatOp) else op.operands[0], _axis(op))
    return outer * product(dims_of(op.operands[1])) if isinstance(op, graph.GatherOp) else outer


class _CopyBuilder(RunBuilder):
    block_elements: int

    def cell(self, index: Index, run: Index) -> tuple[Index, Index, Index]:
        """The run that a grid cell belongs to, and the part [start, end) of it that the cell copies."""
        if not self.block_elements:
            return index, 0, run
        blocks = self.ceildiv(run, self.block_elements)
        start = self.mul(self.mod(index, blocks), self.block_elements)
        return self.floordiv(index, blocks), start, self.min(self.add(start, self.block_elements), run)


def _concat(b: _CopyBuilder, op: graph.ConcatOp, buffers: dict[SSAValue, SSAValue]) -> func.FuncOp:
    axis = _axis(op)
    runs = [_run(b, v, axis) for v in op.operands]
    whole = _run(b, op.result, axis)
    out = buffers[op.result] if op.result in buffers else b.buffers[-1]

    def cell(index: Index, _: Sequence[SSAValue]) -> None:
        row, start, end = b.cell(index, whole)
        to, first = b.mul(row, whole), 0
        for operand, run in zip(op.operands, runs, strict=True):
            # The part of this operand's run, which begins at `first` of the whole, that lies in the cell's.
            low = b.min(b.max(b.sub(start, first), 0), run) if b.block_elements else 0
            high = b.min(b.max(b.sub(end, first), 0), run) if b.block_elements else run
            source = b.add(b.mul(row, run), low)
            b.copy(buffers[operand], source, out, b.add(b.add(to, first), low), b.sub(high, low))
            first = b.add(first, run)

    b.for_(b.lo, b.hi, cell)
    return b.finish()


def _run(b: KernelBuilder, value: SSAValue, axis: int) -> Index:
    _, along, inside = _around(value, axis)
    return b.mul(b.dim(along), b.dim(inside))


def _gather(b: _CopyBuilder, op: graph.GatherOp, buffers: dict[SSAValue, SSAValue]) -> func.FuncOp:
    _, along, inside = _around(op.x, _axis(op))
    size, run = b.dim(along), b.dim(inside)
    entries = b.dim(product(dims_of(op.indices)))
    x, indices, out = buffers[op.x], buffers[op.indices], b.buffers[-1]

    def cell(index: Index, carried: Sequence[SSAValue]) -> list[SSAValue]:
        row, first, end = b.cell(index, run)
        outer, entry = b.floordiv(row, entries), b.mod(row, entries)
        wrapped = _position(b, indices, entry, size)
        inside_x = b.cmp("ult", wrapped, size)
        start = b.add(b.mul(b.add(b.mul(outer, size), wrapped), run), first)
        b.if_(inside_x, lambda: b.copy(x, start, out, b.add(b.mul(row, run), first), b.sub(end, first)))
        return [b.op(arith.SelectOp, [inside_x, carried[0], b.const(INDEX_OUT_OF_RANGE, i32)], i32)]

    code = b.for_(b.lo, b.hi, cell, inits=[b.const(0, i32)])
    return b.finish(code[0])


def _gather_nd(b: _CopyBuilder, op: graph.GatherNdOp, buffers: dict[SSAValue, SSAValue]) -> func.FuncOp:
    batch, (*outer, depth) = integer(op.batch_dims), dims_of(op.indices)
    run, sizes = b.dim(_tuple_run(op)), [b.dim(d) for d in dims_of(op.x)[: batch + depth.value]]
    tuples = b.dim(product(outer[batch:]))
    x, indices, out = buffers[op.x], buffers[op.indices], b.buffers[-1]

    def cell(index: Index, carried: Sequence[SSAValue]) -> list[SSAValue]:
        row, first, end = b.cell(index, run)
        # The batch dims of x and of indices are the same, so their number is a part of the tuple's own number.
        start: Index = b.floordiv(row, tuples) if batch else 0
        inside = b.const(1, i1)
        for k, size in enumerate(sizes[batch:]):
            position = _position(b, indices, b.add(b.mul(row, depth.value), k), size)
            inside = b.op(arith.AndIOp, [inside, b.cmp("ult", position, size)], i1)
            start = b.add(b.mul(start, size), position)
        source, to = b.add(b.mul(start, run), first), b.add(b.mul(row, run), first)
        b.if_(inside, lambda: b.copy(x, source, out, to, b.sub(end, first)))
        return [b.op(arith.SelectOp, [inside, carried[0], b.const(INDEX_OUT_OF_RANGE, i32)], i32)]

    code = b.for_(b.lo, b.hi, cell, inits=[b.const(0, i32)])
    return b.finish(code[0])


def _position(b: KernelBuilder, indices: SSAValue, at: Index, size: Index) -> SSAValue:
    """An entry of indices, which may count from the end."""
    position = b.op(arith.IndexCastOp, [b.load(indices, [at])], INDEX)
    return b.op(arith.SelectOp, [b.cmp("slt", position, 0), b.index(b.add(position, size)), position], INDEX)
