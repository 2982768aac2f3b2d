"""The micro-kernel: an mr x nr block of sums in registers, one step of depth after the other."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..loop_types import vector_type
from .contraction_frame import Frame


def zeros(frame: Frame) -> list[SSAValue]:
    """Sums of nothing."""
    plan = frame.plan
    zero = frame.b.const(0.0, vector_type(frame.problem.element, plan.lanes))
    return [zero] * (plan.mr * plan.vectors)


def accumulate(
    frame: Frame, rows: SSAValue, panel: SSAValue, depth: Index, hints: Sequence[SSAValue], sums: Sequence[SSAValue]
) -> list[SSAValue]:
    """`sums += rows[:, :depth] @ panel[:depth, :]` for views [mr, depth] and [depth, nr], each sum in order of depth.

    Row k of every view in `hints` is brought near to L2 in step k.
    """
    b, unroll = frame.b, frame.plan.schedule["unroll"]
    whole = b.mul(b.floordiv(depth, unroll), unroll)

    def steps(count: int, k: Index, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
        for step in range(count):
            carried = _step(frame, rows, panel, b.add(k, step), carried, hints)
        return carried

    sums = b.for_(0, whole, lambda k, carried: steps(unroll, k, carried), step=unroll, inits=sums)
    if unroll == 1 or (isinstance(depth, int) and depth % unroll == 0):
        return list(sums)
    return b.for_(whole, depth, lambda k, carried: steps(1, k, carried), inits=sums)


def _step(
    frame: Frame, rows: SSAValue, panel: SSAValue, k: Index, sums: Sequence[SSAValue], hints: Sequence[SSAValue]
) -> list[SSAValue]:
    """One outer product: mr broadcasts, nr / lanes loads, a multiply-add for each pair."""
    b, plan = frame.b, frame.plan
    columns = [b.vload(panel, [k, v * plan.lanes], plan.lanes) for v in range(plan.vectors)]
    for v in range(plan.vectors * (plan.ahead > 0)):
        b.prefetch(panel, [b.add(k, plan.ahead), v * plan.lanes])
    for view in hints:
        b.prefetch(view, [k, 0], locality=2)
    result: list[SSAValue] = []
    for row in range(plan.mr):
        value = b.broadcast(b.load(rows, [row, k]), plan.lanes)
        for v, column in enumerate(columns):
            result.append(b.fma(value, column, sums[row * plan.vectors + v]))
    return result
