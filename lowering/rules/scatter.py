"""Scatters of row-major tensors: a copy of x, into which the updates are then written in order, each index checked before.

Where scatter_elements works along an axis, every index of the dims before it is a cell of the parallel space. scatter_nd writes
slices of x; a cell is a range of their elements, over all slices, so that updates of the same element stay in order. Operands
that are inline constants, such as dims, lie in scratch memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import integer, si64
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, numel, order_of
from ...dialects.kernel import ScheduleAttr
from ..access import is_inline
from ..builder import Index, KernelBuilder
from ..casts import cast, to_register, to_storage
from ..definitions.indexing import COMBINE
from ..frame import Frame, frame_bytes
from ..kernel_attrs import returned
from ..loop_types import INDEX, bit_width, storage_type
from ..nest import Vectors, loops, vector_loop
from ..values import Value, register_type
from .common import BaseRule, body_of

BLOCK = 2048
"""Elements of slices in a cell."""

MAX_TABLE = 64
"""Elements of an inline operand; with more of them the scalar rule takes the op."""

Scatter = graph.ScatterElementsOp | graph.ScatterNdOp


class ScatterRule(BaseRule):
    """scatter_elements and scatter_nd of row-major tensors."""

    name = "scatter"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1 or not isinstance(op := ops[0], Scatter):
            return False
        row_major = all(order_of(v) == tuple(range(len(dims_of(v)))) for v in (*op.operands, op.result))
        return row_major and all(numel(t).is_static and numel(t).value <= MAX_TABLE for t in op.operands if _is_table(t))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        op = _op(kernel)
        if isinstance(op, graph.ScatterElementsOp):
            return product(dims_of(op.x)[: integer(op.axis)])
        return _slice(op).ceildiv(BLOCK)

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(_tables(kernel), can_fail=True))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        op, frame = _op(kernel), Frame.of(kernel, _tables(kernel), can_fail=True)
        buffers = frame.evaluator.buffers
        places = (buffers[op.x], buffers[op.indices], buffers[op.updates], buffers[returned(kernel)[0]])
        work = _Elements if isinstance(op, graph.ScatterElementsOp) else _Slices
        cell = work(frame, op, target, *places)
        frame.b.for_(frame.b.lo, frame.b.hi, lambda i, _: cell.lower(i))
        return frame.finish()


def _op(kernel: func.FuncOp) -> Scatter:
    (op,), _ = body_of(kernel)
    assert isinstance(op, Scatter)
    return op


def _is_table(value: SSAValue) -> bool:
    """Whether an operand is an inline constant."""
    return isinstance(value.owner, Operation) and is_inline(value.owner)


def _tables(kernel: func.FuncOp) -> list[SSAValue]:
    """The operands that are written to scratch memory, each once."""
    return list(dict.fromkeys(filter(_is_table, _op(kernel).operands)))


def _slice(op: graph.ScatterNdOp) -> DimExpr:
    """Elements of a slice that an index tuple addresses."""
    return product(dims_of(op.x)[dims_of(op.indices)[-1].value :])


@dataclass
class _Cell:
    """What cells of both ops share."""

    frame: Frame
    op: Scatter
    target: TargetModel
    x: SSAValue
    indices: SSAValue
    updates: SSAValue
    out: SSAValue

    @property
    def b(self) -> KernelBuilder:
        return self.frame.b

    def sizes(self, value: SSAValue) -> list[Index]:
        return [self.b.dim(d) for d in dims_of(value)]

    def copy(self, start: Index, count: Index) -> None:
        """Elements of x from `start` on, as they lie in memory."""
        bits = bit_width(storage_type(element_of(self.op.x)))
        lanes = self.target.vector_bytes * 8 // bits
        vectors = Vectors(lanes, 4, self.target.has_masking and bits >= 32)

        def move(i: Index, lanes: int, mask: SSAValue | None) -> None:
            at = [self.b.add(start, i)]
            if lanes:
                self.b.vstore(self.b.vload(self.x, at, lanes, mask), self.out, at, mask)
            else:
                self.b.store(self.b.load(self.x, at), self.out, at)

        vector_loop(self.b, 0, count, vectors, move)

    def position(self, at: Index, size: Index) -> SSAValue:
        """An entry of indices, which may count from the end."""
        value = cast(Value(self.b, self.b.load(self.indices, [at]), element_of(self.op.indices)), si64)
        index = self.b.pure(arith.IndexCastOp, [value.ssa], INDEX)
        return self.b.select(self.b.cmp("slt", index, 0), self.b.add(index, size), index)

    def combined(self, old: Callable[[], SSAValue], new: SSAValue) -> SSAValue:
        """What is stored where `old` was; both in the storage type."""
        kind = self.op.reduction.data
        if kind == "none":
            return new
        element = element_of(self.op.x)
        a, c = (to_register(self.b, stored, element) for stored in (old(), new))
        return to_storage(COMBINE[kind](a, c))

    def guarded(self, checks: Sequence[tuple[Index, Index]], then: Callable[[], None]) -> None:
        """`then` where every index is in [0, size); else the kernel fails."""
        inside: SSAValue | None = None
        for index, size in checks:
            here = self.b.cmp("ult", index, size)
            inside = here if inside is None else self.b.op(arith.AndIOp, [inside, here], here.type)
        if inside is None:
            then()
        else:
            self.b.if_(inside, then, self.frame.fail)


class _Elements(_Cell):
    """One index of the dims before the axis: a contiguous part of x, and the updates for it."""

    def lower(self, cell: Index) -> None:
        op = self.op
        assert isinstance(op, graph.ScatterElementsOp)
        b, axis = self.b, integer(op.axis)
        sizes, counts = self.sizes(op.x), self.sizes(op.indices)
        strides, steps = ([b.dim(product(dims_of(v)[k + 1 :])) for k in range(len(sizes))] for v in (op.x, op.indices))
        part = b.mul(sizes[axis], strides[axis])
        start = b.mul(cell, part)
        self.copy(start, part)
        outer = b.delinearize(cell, sizes[:axis])
        first = b.linear(outer, steps[:axis])

        def update(inner: tuple[Index, ...]) -> None:
            at = b.linear(inner, steps[axis:], first)
            position = self.position(at, sizes[axis])
            to = b.linear([position, *inner[1:]], strides[axis:], start)
            self.guarded([(position, sizes[axis])], lambda: self._write(at, to))

        def all_updates() -> None:
            loops(b, [(0, count) for count in counts[axis:]], update)

        # The other dims of indices may not be larger than those of x.
        others = [k for k in range(len(sizes)) if k != axis]
        fits = [(counts[k], b.add(sizes[k], 1)) for k in others]

        def within() -> None:
            here = [b.cmp("ult", i, counts[k]) for k, i in enumerate(outer)]
            self._when(here, all_updates)

        self.guarded(fits, within)

    def _when(self, conditions: Sequence[SSAValue], then: Callable[[], None]) -> None:
        if not conditions:
            return then()
        self.b.if_(conditions[0], lambda: self._when(conditions[1:], then))

    def _write(self, at: Index, to: Index) -> None:
        new = self.b.load(self.updates, [at])
        self.b.store(self.combined(lambda: self.b.load(self.out, [to]), new), self.out, [to])


class _Slices(_Cell):
    """A range of the elements of every slice."""

    def lower(self, cell: Index) -> None:
        op = self.op
        assert isinstance(op, graph.ScatterNdOp)
        b, (*outer, depth) = self.b, dims_of(op.indices)
        whole, low = b.dim(_slice(op)), b.mul(cell, BLOCK)
        count = b.min(b.sub(whole, low), BLOCK)
        sizes = self.sizes(op.x)[: depth.value]
        self._copy_range(whole, low, count)

        def update(i: SSAValue, _: Sequence[SSAValue]) -> None:
            positions = [self.position(b.add(b.mul(i, depth.value), k), size) for k, size in enumerate(sizes)]
            row: Index = 0
            for position, size in zip(positions, sizes, strict=True):
                row = b.add(b.mul(row, size), position)
            to, at = (b.add(b.mul(r, whole), low) for r in (row, i))
            self.guarded(list(zip(positions, sizes, strict=True)), lambda: self._write(at, to, count))

        b.for_(0, b.dim(product(outer)), update)

    def _copy_range(self, whole: Index, low: Index, count: Index) -> None:
        """This cell's part of every slice of x: all of x at once where the cell is the only one."""
        b, depth = self.b, dims_of(self.op.indices)[-1].value
        rows = b.dim(product(dims_of(self.op.x)[:depth]))

        def each() -> None:
            b.for_(0, rows, lambda row, _: self.copy(b.add(b.mul(row, whole), low), count))

        b.if_(b.cmp("sle", whole, BLOCK), lambda: self.copy(0, b.mul(rows, whole)), each)

    def _write(self, at: Index, to: Index, count: Index) -> None:
        b, element = self.b, element_of(self.op.x)
        bits = bit_width(storage_type(element) if self.op.reduction.data == "none" else register_type(element))

        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            source, target = [b.add(at, i)], [b.add(to, i)]
            if not lanes:
                new = b.load(self.updates, source)
                b.store(self.combined(lambda: b.load(self.out, target), new), self.out, target)
                return
            new = b.vload(self.updates, source, lanes, mask)
            b.vstore(self.combined(lambda: b.vload(self.out, target, lanes, mask), new), self.out, target, mask)

        vector_loop(b, 0, count, Vectors.of(self.target, bits), step)
