"""The pack rule of 8-bit integers that are computed at run time: `packing_bytes`, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import arith
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.linalg import BYTES
from ...dialects.graph.types import dims_of, element_of
from ...dialects.kernel import PackingAttr, PackOp, ScheduleAttr
from ...errors import CompileError
from ..builder import Index, KernelBuilder
from ..kernel_attrs import body_ops, sizes_of
from ..packing_bytes import QUAD, deep_of
from ..strided import Strided, dense
from ..values import is_signed
from .common import BaseRule
from .pack import Layout, conv_layout, gemm_layout

_LAYOUTS: dict[str, Callable[[PackingAttr, Strided], Layout]] = {"quads_b": gemm_layout, "quads_oihw": conv_layout}


class PackBytesRule(BaseRule):
    """`kernel.pack` of 8-bit integers in quads, one panel a slice of the grid."""

    name = "pack_bytes"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1 or not isinstance(ops[0], PackOp) or ops[0].packing.kind.data not in _LAYOUTS:
            return False
        return element_of(ops[0].source) in BYTES

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        return ScheduleAttr.of(self.name) if self.accepts(body_ops(kernel), target) else None

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return True

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return product(dims_of(_pack_op(kernel).result)[:-2])

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        op = _pack_op(kernel)
        b = KernelBuilder(kernel.sym_name.data, [element_of(op.source), element_of(op.result)], sizes_of(kernel))
        layout = _LAYOUTS[op.packing.kind.data](op.packing, dense(op.source))
        b.for_(b.lo, b.hi, lambda slice_, _: _Panel.at(b, layout, op, slice_).write())
        return b.finish()


def _pack_op(kernel: func.FuncOp) -> PackOp:
    op = body_ops(kernel)[0]
    if not isinstance(op, PackOp):
        raise CompileError(f"kernel '{kernel.sym_name.data}' packs nothing", stage="lower-kernels")
    return op


@dataclass(frozen=True)
class _Panel:
    """One panel of `nr` columns, `left` of which exist, that starts at `target`; its first column is read from `start` on."""

    b: KernelBuilder
    depth: Strided
    start: Index
    step: Index
    left: Index
    target: Index
    nr: int
    deep: int
    signed: bool

    @staticmethod
    def at(b: KernelBuilder, layout: Layout, op: PackOp, slice_: Index) -> _Panel:
        batch, depth, columns = layout
        extents = [b.dim(d) for d in dims_of(op.result)]
        nr, deep = op.packing["nr"], deep_of(op.packing)
        *where, panel = b.delinearize(slice_, extents[:-2])
        step, first = b.dim(columns.strides[0]), b.mul(panel, nr)
        start = b.linear(where, [b.dim(s) for s in batch.strides], b.mul(first, step))
        left = b.min(b.sub(b.dim(columns.dims[0]), first), nr)
        target = b.mul(slice_, b.mul(extents[-2], deep * nr))
        return _Panel(b, depth, start, step, left, target, nr, deep, is_signed(element_of(op.source)))

    def write(self) -> None:
        b = self.b
        count = b.dim(product(self.depth.dims))
        groups = b.ceildiv(count, self.deep)
        zero, size = b.const(0, i8), b.mul(b.add(groups, 1), self.deep * self.nr)
        b.for_(0, size, lambda i, _: b.store(zero, b.buffers[1], [b.add(self.target, i)]))
        b.for_(0, self.left, lambda j, _: self._column(j, count))

    def _column(self, j: Index, count: Index) -> None:
        """Its elements, and their sum in front."""
        b, deep = self.b, self.deep
        here, source = b.add(self.target, b.mul(j, deep)), b.add(self.start, b.mul(j, self.step))

        def element(k: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
            position = b.delinearize(k, [b.dim(d) for d in self.depth.dims])
            value = b.load(b.buffers[0], [b.linear(position, [b.dim(s) for s in self.depth.strides], source)])
            row = b.mul(b.add(b.floordiv(k, deep), 1), deep * self.nr)
            b.store(value, b.buffers[1], [b.add(b.add(here, row), b.mod(k, deep))])
            wide = b.op(arith.ExtSIOp if self.signed else arith.ExtUIOp, [value], i32)
            return [b.binary(arith.AddiOp, carried[0], wide)]

        (total,) = b.for_(0, count, element, inits=[b.const(0, i32)])
        front = b.add(self.target, b.mul(j, QUAD))
        for byte in range(QUAD):
            part = b.op(arith.TruncIOp, [b.binary(arith.ShRUIOp, total, b.const(8 * byte, i32))], i8)
            b.store(part, b.buffers[1], [b.add(front, byte)])
