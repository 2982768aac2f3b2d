"""Whether a group of graph ops is one contraction kernel, and which problem it solves."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from ...dialects import graph
from ...dialects.graph.types import dims_of
from ..strided import ONE
from .contraction_conv import conv_problem, conv_transpose_problem
from .contraction_group import surroundings
from .contraction_matmul import matmul_problem
from .contraction_problem import Problem, collapse_rows
from .contraction_turn import turned

FEW_CHANNELS = 8
"""Channels of an image, as cameras give them, that convolutions read as they are."""
ANCHORS = (graph.MatmulOp, graph.ConvOp, graph.ConvTransposeOp)


def analyse(ops: Sequence[Operation]) -> Problem | None:
    """The contraction that these ops (in program order, the last one's result leaves) compute, or None when they are none."""
    problem = analyse_axes(ops)
    return None if problem is None else turned(collapse_rows(problem))


def analyse_axes(ops: Sequence[Operation]) -> Problem | None:
    """The same with every row axis of its own: batch and spatial dims of a convolution."""
    found = surroundings(ops, ANCHORS)
    if found is None:
        return None
    anchor, group = found.anchor, found.group
    if any(v in group.paths for v in anchor.operands) or not group.constants.isdisjoint(anchor.operands[:2]):
        return None
    if isinstance(anchor, graph.MatmulOp):
        return matmul_problem(anchor, group, found.result, found.out)
    if isinstance(anchor, graph.ConvTransposeOp):
        return conv_transpose_problem(anchor, group, found.result, found.out)
    return conv_problem(anchor, group, found.result, found.out)


def wants_relayout(problem: Problem) -> bool:
    """Whether a convolution has absorbed the move of an image whose channels lie apart, and so many that it had better happen.

    Runs of a few elements are gathered for every tap otherwise, and only adjacent channels let other algorithms be chosen.
    """
    anchor, lhs = problem.anchor, problem.lhs
    if not isinstance(anchor, graph.ConvOp) or lhs.value is anchor.x or (lhs.run_step == ONE and not lhs.channels_first):
        return False
    channels = dims_of(anchor.weight)[1]
    return channels.is_static and channels.value > FEW_CHANNELS
