"""The pack rule: a computed operand rearranged into the panels that a contraction reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import Float64Type
from xdsl.ir import Operation

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of
from ...dialects.kernel import PackingAttr, PackOp, ScheduleAttr
from ...errors import CompileError
from ..builder import Index, KernelBuilder
from ..kernel_attrs import body_ops, sizes_of
from ..strided import Strided, dense
from .panels import Source, write_panel
from .winograd_pack import pack_filters

WINOGRAD = "winograd"


class PackRule:
    """`kernel.pack` of a runtime value, one panel a slice of the grid: pure data movement, but for `winograd`."""

    name = "pack"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], PackOp) and ops[0].packing.kind.data in (*_LAYOUTS, WINOGRAD)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = body_ops(kernel)
        if not self.accepts(ops, target):
            return None
        bits = 64 if isinstance(element_of(ops[0].operands[0]), Float64Type) else 32
        return ScheduleAttr.of(self.name, lanes=target.lanes(bits))

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        """Its operand is read as it is."""

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return not _is_winograd(_pack_op(kernel))  # the taps of a filter are code

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        op = _pack_op(kernel)
        return product(dims_of(op.result)[: 1 if _is_winograd(op) else -2])

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(0)

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        op = _pack_op(kernel)
        b = KernelBuilder(kernel.sym_name.data, [element_of(op.source), element_of(op.result)], sizes_of(kernel))
        if _is_winograd(op):
            b.for_(b.lo, b.hi, lambda panel, _: pack_filters(b, op, panel, schedule["lanes"]))
            return b.finish()
        extents = [b.dim(d) for d in dims_of(op.result)]
        layout = _LAYOUTS[op.packing.kind.data](op.packing, dense(op.source))
        b.for_(b.lo, b.hi, lambda slice_, _: _panel(b, layout, op, slice_, extents, schedule["lanes"]))
        return b.finish()


def _is_winograd(op: PackOp) -> bool:
    return op.packing.kind.data == WINOGRAD


def _pack_op(kernel: func.FuncOp) -> PackOp:
    op = body_ops(kernel)[0]
    if not isinstance(op, PackOp):
        raise CompileError(f"kernel '{kernel.sym_name.data}' packs nothing", stage="lower-kernels")
    return op


Layout = tuple[Strided, Strided, Strided]
"""The source as batch axes, depth axes and the column axis."""


def _panel(b: KernelBuilder, layout: Layout, op: PackOp, slice_: Index, extents: Sequence[Index], lanes: int) -> None:
    """One panel: a matrix [last depth axis, nr] for every place of the other depth axes."""
    batch, depth, columns = layout
    *_, nr = (d.value if d.is_static else 0 for d in dims_of(op.result))
    *where, panel = b.delinearize(slice_, extents[:-2])
    step = b.dim(columns.strides[0])
    start = b.linear(where, [b.dim(s) for s in batch.strides], b.mul(b.mul(panel, nr), step))
    left = b.sub(b.dim(columns.dims[0]), b.mul(panel, nr))
    *outer, rows = (b.dim(d) for d in depth.dims)
    strides = [b.dim(s) for s in depth.strides]
    target = b.mul(slice_, b.mul(extents[-2], nr))

    def nest(position: Sequence[Index], number: Index) -> None:
        axis = len(position)
        if axis == len(outer):
            at = b.linear(position, strides[:-1], start)
            source = Source(b.buffers[0], at, strides[-1], step, rows, left)
            write_panel(b, source, b.buffers[1], b.add(target, b.mul(number, b.mul(rows, nr))), nr, lanes)
        else:
            b.for_(0, outer[axis], lambda i, _: nest([*position, i], b.add(b.mul(number, outer[axis]), i)))

    nest([], 0)


def _part(view: Strided, axes: Sequence[int]) -> Strided:
    return Strided(tuple(view.dims[a] for a in axes), tuple(view.strides[a] for a in axes))


def gemm_layout(packing: PackingAttr, view: Strided) -> Layout:
    rank = len(view.dims)
    k, n = (rank - 1, rank - 2) if packing.get("transposed", 0) else (rank - 2, rank - 1)
    return _part(view, range(rank - 2)), _part(view, [k]), _part(view, [n])


def conv_layout(packing: PackingAttr, view: Strided) -> Layout:
    """[O, I / group, kernel..]: groups split O."""
    outputs = view.dims[0] // packing.get("group", 1)
    batch = Strided((DimExpr.of(packing.get("group", 1)),), (outputs * view.strides[0],))
    columns = Strided((outputs,), (view.strides[0],))
    kernel = range(2, len(view.dims))
    return batch, _part(view, [1, *kernel] if packing.get("channels_first", 0) else [*kernel, 1]), columns


def _conv_transpose(packing: PackingAttr, view: Strided) -> Layout:
    """[I, O / group, kernel..]: groups split I."""
    inputs = view.dims[0] // packing.get("group", 1)
    split = Strided((inputs, *view.dims[1:]), view.strides)
    batch = Strided((DimExpr.of(packing.get("group", 1)),), (inputs * view.strides[0],))
    return batch, _part(split, [*range(2, len(view.dims)), 0]), _part(split, [1])


_LAYOUTS: dict[str, Callable[[PackingAttr, Strided], Layout]] = {
    "gemm_b": gemm_layout,
    "conv_oihw": conv_layout,
    "conv_iohw": _conv_transpose,
}
