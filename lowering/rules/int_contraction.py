"""The integer contraction rule: matmul and convolution of 8-bit integers with sums of 32 bits, epilogues fused into the stores.

Four steps of depth, or eight, are a group of bytes of each row and of each column (`packing_bytes`). Targets have instructions
that multiply and add such groups, for some signs of both sides; others do it in 16-bit halves (`int_contraction_products`).
Nothing saturates on the way, so the sums are the same on every target, modulo 2**32.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import BlockArgument, Operation
from xdsl.rewriter import Rewriter

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import flag, integer
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import PackingAttr, ScheduleAttr, UnpackOp
from ...errors import CompileError
from ..kernel_attrs import body_ops
from ..packing import packed_type
from ..packing_bytes import QUAD
from ..strided import ONE, ZERO
from .contraction_problem import Problem
from .contraction_schedule import (
    GATHERED,
    IN_PLACE,
    PACKED,
    Block,
    block_cycles,
    can_pack,
    ceildiv,
    known,
    readable_in_place,
    register_blocks,
    round_up,
)
from .int_contraction_frame import BytePlan, make_frame
from .int_contraction_loops import emit_loops
from .int_contraction_problem import analyse
from .int_contraction_products import registers_left
from .opening import opened

MAX_DEPTH = 1 << 14
"""Bytes of a row: one row block of this depth still fits in L2."""


class IntContractionRule:
    """Matmul by, and convolution with, a weight of 8-bit integers."""

    name = "int_contraction"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        problem = analyse(ops)
        return problem is not None and _supported(problem, target)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        problem = analyse(body_ops(kernel))
        if problem is None or not _supported(problem, target):
            return None
        return schedule_of(problem, target)

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        problem = analyse(body_ops(kernel))
        if problem is None or problem.rhs.nr:
            return
        argument = problem.rhs.value
        assert isinstance(argument, BlockArgument)
        packing, logical = _packing(problem, schedule), argument.type
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
        return _plan(kernel, schedule).sums.grid

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _plan(kernel, schedule).scratch_bytes

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        plan = _plan(kernel, schedule)
        builder, buffers = opened(kernel, plan.sums.problem.out.value)
        emit_loops(make_frame(plan, builder, buffers, target))
        return builder.finish()


def _supported(problem: Problem, target: TargetModel) -> bool:
    """Adjacent (or repeated) columns in results and operands, a known depth, and a weight that can be packed."""
    accesses = [problem.out, *problem.inputs.values()]
    if problem.out.column != ONE or any(a.column not in (ONE, ZERO) for a in accesses):
        return False
    known = problem.depth.is_static and 0 < problem.depth.value <= MAX_DEPTH and problem.lhs.run.is_static
    return known and can_pack(problem)


def schedule_of(problem: Problem, target: TargetModel) -> ScheduleAttr:
    """The register block by the model of the float contractions; the whole depth is one block; rows by what fits in L1."""
    m, n = known(problem.row_count, 1024), known(problem.columns, 512)
    lanes = target.lanes(32)
    deep, rows = (target.byte_dot.depth, target.byte_dot.rows) if target.byte_dot else (QUAD, 1)
    block = _choose_block(m, n, rows, target)
    depth, taps = problem.depth.value, 1
    for window in problem.lhs.taps:
        taps *= window.kernel.value
    limit = max(target.l1_bytes // depth // block.mr, 1) * block.mr
    mc = round_up(ceildiv(m, ceildiv(m, limit)), block.mr)
    in_place = depth % deep == 0 and readable_in_place(problem, block.mr)
    return ScheduleAttr.of(
        "int_contraction",
        mr=block.mr,
        nr=block.nr,
        kc=round_up(depth, target.lanes(8)),
        taps=taps,
        mc=mc,
        lhs=IN_PLACE if in_place else GATHERED,
        rhs=PACKED,
        lanes=lanes,
        bytes=target.lanes(8),
        **({} if deep == QUAD else {"deep": deep}),
    )


def _choose_block(m: int, n: int, rows: int, target: TargetModel) -> Block:
    """The block with the fewest modelled cycles, of a multiple of `rows` rows."""
    blocks = register_blocks(round_up(m, rows), target.lanes(32), registers_left(target))
    fitting = [block for block in blocks if block.mr % rows == 0]
    return min(fitting, key=lambda block: (block_cycles(block, m, n), -block.mr * block.vectors))


def _plan(kernel: func.FuncOp, schedule: ScheduleAttr) -> BytePlan:
    """Raises CompileError for a schedule that does not fit the kernel, as one edited by hand may."""
    problem = analyse(body_ops(kernel))
    name = kernel.sym_name.data
    if problem is None:
        raise CompileError(f"kernel '{name}' is no contraction of 8-bit integers", stage="lower-kernels")
    in_place, deep = schedule["lhs"] == IN_PLACE, schedule.get("deep", QUAD)
    for wrong, reason in (
        (problem.rhs.nr != schedule["nr"], f"wants panels of {schedule['nr']}; run pack-operands"),
        (schedule["mc"] % schedule["mr"] > 0, "has a schedule whose mc is no multiple of mr"),
        (schedule["nr"] % schedule["lanes"] > 0, "has a schedule whose nr is no multiple of lanes"),
        (schedule["kc"] < problem.depth.value, "has a schedule that cuts the depth"),
        (
            in_place and (problem.depth.value % deep > 0 or not readable_in_place(problem, schedule["mr"])),
            "cannot read its rows in place",
        ),
    ):
        if wrong:
            raise CompileError(f"kernel '{name}' {reason}", stage="lower-kernels")
    return BytePlan(problem, schedule)


def _packing(problem: Problem, schedule: ScheduleAttr) -> PackingAttr:
    anchor, nr = problem.anchor, schedule["nr"]
    groups = {"deep": deep} if (deep := schedule.get("deep", QUAD)) != QUAD else {}
    if isinstance(anchor, graph.MatmulOp):
        return PackingAttr.of("quads_b", nr=nr, transposed=int(flag(anchor.transpose_rhs)), **groups)
    assert isinstance(anchor, graph.ConvOp)
    order = {"channels_first": 1} if problem.lhs.channels_first else {}
    return PackingAttr.of("quads_oihw", nr=nr, group=integer(anchor.group), **order, **groups)
