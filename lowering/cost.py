"""About how many cycles a kernel takes in one thread: enough to tell whether more threads would pay.

The model adds up multiply-adds and pointwise steps at the width of the target's vectors, and bytes that enter or leave. It knows
nothing of caches, and is meant to be right within a factor of three.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ..backends.targets import TargetModel
from ..dialects import graph
from ..dialects.graph.base import ints
from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import dims_of, element_of, numel
from ..dialects.kernel import ScheduleAttr, UnpackOp
from .kernel_attrs import body_ops, returned
from .rules.common import EXPENSIVE

ZERO = DimExpr.of(0)
PARTS = 64
"""Costs are summed in parts of a cycle."""
_BYTES_PER_CYCLE = 8
_MULTIPLY_ADDS_PER_CYCLE = 2  # vectors of them
_EXPENSIVE_STEPS = 20
_SCALAR_CYCLES = 8  # a step of a rule without vectors, its index arithmetic included
_SCALAR_RULES = {"scalar", "select", "suppress"}

_STEPS: dict[type[Operation], int] = {
    graph.SoftmaxOp: 25,
    graph.LogSoftmaxOp: 25,
    graph.ReshapeOp: 0,
    graph.RelayoutOp: 0,
    graph.ConstantOp: 0,
    graph.DimsOp: 0,
    UnpackOp: 0,
    graph.TransposeOp: 2,
    graph.ResizeOp: 8,
    **dict.fromkeys(EXPENSIVE, _EXPENSIVE_STEPS),
    **dict.fromkeys((graph.LayerNormOp, graph.RmsNormOp, graph.InstanceNormOp, graph.GroupNormOp, graph.LpNormalizeOp), 4),
}
"""Vector instructions for each element of the largest operand or result; 1 for what is not listed."""


_PICKING = (graph.GatherOp, graph.GatherElementsOp, graph.GatherNdOp, graph.SliceOp)
"""Ops that read as much of their first operand as they give."""


def kernel_cost(kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
    """Cycles of one run over the whole grid, in the symbols of the kernel's types."""
    scalar = schedule.kind.data in _SCALAR_RULES
    read = sum((_read(argument) for argument in kernel.args), ZERO)
    parts = (read + sum(map(_bytes, returned(kernel)), ZERO)) * (PARTS // _BYTES_PER_CYCLE)
    for op in body_ops(kernel):
        parts = parts + _parts(op, target, scalar)
    return parts.ceildiv(PARTS)


def _read(argument: SSAValue) -> DimExpr:
    """The bytes of an argument that a kernel reads: only some where all it does is to pick from it."""
    users = [use.operation for use in argument.uses]
    if users and all(isinstance(user, _PICKING) and user.operands[0] is argument for user in users):
        return sum((_bytes(user.results[0]) for user in users), ZERO)
    return _bytes(argument)


def _bytes(value: SSAValue) -> DimExpr:
    return numel(value) * numpy_dtype(element_of(value)).itemsize


def _parts(op: Operation, target: TargetModel, scalar: bool) -> DimExpr:
    """What one op takes, in parts of a cycle."""
    steps = _STEPS.get(type(op), 1)
    count = _MULTIPLY_ADDS.get(type(op))
    largest = _largest(op) if count is None else count(op)
    if scalar:
        return largest * (steps * _SCALAR_CYCLES * PARTS)
    lanes = target.lanes(max(8 * numpy_dtype(element_of(op.results[0])).itemsize, 8))
    if count is not None:
        lanes *= _MULTIPLY_ADDS_PER_CYCLE
    return (largest * (steps * PARTS)).ceildiv(lanes)


def _largest(op: Operation) -> DimExpr:
    """The size of the largest value at hand; of two that can't be compared, the result's."""
    best = numel(op.results[0])
    for operand in op.operands[isinstance(op, _PICKING) :]:
        size = numel(operand)
        if size.is_static and best.is_static:
            best = best.max(size)
        elif best.is_static or len(dims_of(operand)) > len(dims_of(op.results[0])):
            best = size
    return best


def _of_matmul(op: Operation) -> DimExpr:
    assert isinstance(op, graph.MatmulOp)
    return numel(op.result) * op.mnk[2]


def _of_attention(op: Operation) -> DimExpr:
    """Two products, and an exponential for each score."""
    assert isinstance(op, graph.AttentionOp)
    keys, columns = dims_of(op.v)[-2:]
    scores = product((*dims_of(op.result)[:-1], keys))
    return scores * (dims_of(op.q)[-1] + columns + 2 * _EXPENSIVE_STEPS)


def _of_conv(op: Operation) -> DimExpr:
    return numel(op.results[0]) * product(dims_of(op.operands[1])[1:])


def _of_conv_transpose(op: Operation) -> DimExpr:
    return numel(op.operands[0]) * product(dims_of(op.operands[1])[1:])


def _of_pool(op: Operation) -> DimExpr:
    assert isinstance(op, graph.PoolOp)
    return numel(op.result) * product(ints(op.kernel))


_MULTIPLY_ADDS: dict[type[Operation], Callable[[Operation], DimExpr]] = {
    graph.MatmulOp: _of_matmul,
    graph.AttentionOp: _of_attention,
    graph.ConvOp: _of_conv,
    graph.ConvTransposeOp: _of_conv_transpose,
    graph.PoolOp: _of_pool,
}


def multiply_adds(op: Operation) -> DimExpr:
    """The multiply-adds of a matmul, convolution or integer one, counted as its definition has them; 0 for any other op."""
    count = None if isinstance(op, graph.PoolOp) else _MULTIPLY_ADDS.get(type(op))
    return ZERO if count is None else count(op)
