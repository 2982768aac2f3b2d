"""The contraction rule: matmul and convolution as blocked GEMM over packed panels, with the epilogue fused into the stores.

Loops of one kernel, outermost first (after Goto and van de Geijn 2008; BLIS, Van Zee and van de Geijn 2015):

    for slice in [lo, hi):                 batch, chunk of mc rows, panel of nr columns; panels innermost
        on a new chunk: gather its rows into scratch
        for depth block:
            for row block of mr:           the panel's depth block stays in L1
                for k: mr x nr multiply-adds in registers
                last depth block: epilogue and store; else keep the sums in scratch
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import Float64Type
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.rewriter import Rewriter

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import flag, i1, integer
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import element_of
from ...dialects.kernel import PackingAttr, ScheduleAttr, UnpackOp
from ...errors import CompileError
from ..builder import Index, KernelBuilder
from ..kernel_attrs import body_ops, sizes_of
from ..packing import packed_type
from ..strided import ONE, ZERO
from . import contraction_schedule
from .contraction_analysis import analyse
from .contraction_epilogue import Finisher, load_tile, store_tile
from .contraction_frame import Frame, Plan
from .contraction_lhs import gather_rows
from .contraction_micro import accumulate, zeros
from .contraction_problem import Problem
from .contraction_rhs import pack_panel
from .contraction_schedule import PACKED


class ContractionRule:
    """Matmul and convolution of f32 and f64 with absorbed views and a pointwise epilogue."""

    name = "contraction"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        problem = analyse(ops)
        return problem is not None and _supported(problem)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        problem = analyse(body_ops(kernel))
        if problem is None or not _supported(problem):
            return None
        return contraction_schedule.schedule_of(problem, target, _bits(problem))

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        problem = analyse(body_ops(kernel))
        if problem is None or problem.rhs.nr or schedule["rhs"] != PACKED:
            return
        argument = problem.rhs.value
        assert isinstance(argument, BlockArgument)
        packing, logical = _packing(problem, schedule["nr"]), argument.type
        unpack = UnpackOp(argument, packing, logical)
        argument.replace_all_uses_with(unpack.result)
        unpack.operands[0] = argument
        Rewriter.replace_value_with_new_type(argument, packed_type(packing, logical))
        first = kernel.body.block.first_op
        assert first is not None
        kernel.body.block.insert_op_before(unpack, first)
        kernel.update_function_type()

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        return False

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).grid

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).scratch_bytes

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule)
        arguments = list(kernel.body.block.args)
        results = [plan.problem.out.value]
        builder = KernelBuilder(kernel.sym_name.data, [element_of(v) for v in (*arguments, *results)], sizes_of(kernel))
        buffers = dict(zip([*arguments, *results], builder.buffers, strict=True))
        _slices(Frame(plan, builder, buffers, target))
        return builder.finish()


def _bits(problem: Problem) -> int:
    return 64 if isinstance(problem.element, Float64Type) else 32


def _supported(problem: Problem) -> bool:
    """Results and operands with adjacent (or repeated) columns; a weight of a convolution that can be packed."""
    accesses = [problem.out, *problem.inputs.values()]
    if problem.out.column != ONE or any(a.column not in (ONE, ZERO) for a in accesses):
        return False
    return isinstance(problem.anchor, graph.MatmulOp) or contraction_schedule.can_pack(problem)


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr) -> Plan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    problem = analyse(body_ops(kernel))
    if problem is None or not _supported(problem):
        raise CompileError(f"kernel '{kernel.sym_name.data}' is no contraction", stage="lower-kernels")
    for wrong, reason in (
        (schedule["rhs"] == PACKED and problem.rhs.nr != schedule["nr"], f"wants panels of {schedule['nr']}; run pack-operands"),
        (schedule["mc"] % schedule["mr"] > 0, "has a schedule whose mc is no multiple of mr"),
        (schedule["nr"] % schedule["lanes"] > 0, "has a schedule whose nr is no multiple of lanes"),
    ):
        if wrong:
            raise CompileError(f"kernel '{kernel.sym_name.data}' {reason}", stage="lower-kernels")
    return Plan(problem, schedule)


def _packing(problem: Problem, nr: int) -> PackingAttr:
    anchor = problem.anchor
    if isinstance(anchor, graph.MatmulOp):
        return PackingAttr.of("gemm_b", nr=nr, transposed=int(flag(anchor.transpose_rhs)))
    assert isinstance(anchor, graph.ConvOp | graph.ConvTransposeOp)
    kind = "conv_oihw" if isinstance(anchor, graph.ConvOp) else "conv_iohw"
    order = {"channels_first": 1} if problem.lhs.channels_first else {}
    return PackingAttr.of(kind, nr=nr, group=integer(anchor.group), **order)


# -- loops -----------------------------------------------------------------------------------------------------------------
def _slices(frame: Frame) -> None:
    """The parallel loop over (batch, row chunk, panel)."""
    b, plan = frame.b, frame.plan
    batch = [b.dim(e) for e in frame.problem.batch]
    extents = [*batch, b.dim(plan.row_chunks), b.dim(plan.panels)]

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        *where, chunk, panel = b.delinearize(index, extents)
        first = b.mul(chunk, plan.mc)
        rows = b.min(plan.mc, b.sub(frame.row_count, first))
        blocks = b.ceildiv(rows, plan.mr)
        fresh = b.op(arith.OrIOp, [b.cmp("eq", index, b.lo), b.cmp("eq", panel, 0)], i1)
        b.if_(fresh, lambda: gather_rows(frame, where, first, b.mul(blocks, plan.mr)))
        _panel(frame, where, first, blocks, panel)

    b.for_(b.lo, b.hi, body)


def _panel(frame: Frame, batch: Sequence[Index], first: Index, blocks: Index, panel: Index) -> None:
    """All row blocks of a chunk against one panel."""
    b, plan = frame.b, frame.plan
    finisher = Finisher(frame, batch, b.mul(panel, plan.nr))
    source, start = _panel_source(frame, batch, panel)
    single = plan.depth_blocks == ONE

    def depth_block(kb: Index) -> None:
        k0, length = frame.depth_block(kb)
        columns = b.view(source, [length, plan.nr], [plan.nr, 1], b.add(start, b.mul(k0, plan.nr)))
        b.for_(0, blocks, lambda block, _: row_block(kb, length, columns, block, b.add(start, b.mul(b.add(k0, length), plan.nr))))

    def row_block(kb: Index, length: Index, columns: SSAValue, block: Index, after: Index) -> None:
        next_piece = None
        if plan.far:
            at = b.add(after, b.mul(block, b.mul(length, plan.far)))
            next_piece = b.view(source, [length, plan.far], [plan.far, 1], at)
        at = b.mul(b.add(b.mul(block, frame.depth_blocks), kb), plan.mr * plan.row_stride)
        rows = b.view(frame.block, [plan.mr, length], [plan.row_stride, 1], at)
        row = b.add(first, b.mul(block, plan.mr))
        if single:
            finisher.finish(accumulate(frame, rows, columns, length, zeros(frame), next_piece), row, 0)
            return
        tile = b.mul(block, plan.mr * plan.nr)
        types = [v.type for v in zeros(frame)]
        sums = b.if_(b.cmp("eq", kb, 0), lambda: zeros(frame), lambda: load_tile(frame, tile), types)
        sums = accumulate(frame, rows, columns, length, sums, next_piece)
        last = b.cmp("eq", kb, b.sub(frame.depth_blocks, 1))
        b.if_(last, lambda: finisher.finish(sums, row, tile), lambda: store_tile(frame, sums, tile))

    if single:
        depth_block(0)
    else:
        b.for_(0, frame.depth_blocks, lambda kb, _: depth_block(kb))


def _panel_source(frame: Frame, batch: Sequence[Index], panel: Index) -> tuple[SSAValue, Index]:
    """The buffer and position of a packed panel."""
    b, plan, rhs = frame.b, frame.plan, frame.problem.rhs
    if frame.panel is not None:
        pack_panel(frame, batch, panel)
        return frame.panel, 0
    base = b.linear(batch, [b.dim(s) for s in rhs.batch], b.dim(rhs.offset))
    return frame.buffers[rhs.value], b.add(base, b.mul(panel, b.mul(b.dim(rhs.panel), plan.nr)))
