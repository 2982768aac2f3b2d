"""Whether a group of graph ops is one contraction of 8-bit integers, and which problem it solves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects.builtin import i32
from xdsl.ir import Operation

from ...dialects import graph
from ...dialects.graph.linalg import BYTES
from ...dialects.graph.types import element_of
from ..strided import dense
from .contraction_conv import conv_problem
from .contraction_group import Group, before
from .contraction_matmul import matmul_problem
from .contraction_problem import Problem


def analyse(ops: Sequence[Operation]) -> Problem | None:
    """The contraction that these ops (in program order, the last one's result leaves) compute, or None when they are none."""
    anchors = [op for op in ops if isinstance(op, graph.MatmulOp | graph.ConvOp)]
    if len(anchors) != 1 or not {element_of(o) for o in anchors[0].operands} <= BYTES:
        return None
    anchor, group = anchors[0], Group()
    if isinstance(anchor, graph.ConvOp) and anchor.bias is not None:
        return None
    group.paths[anchor.result] = ()
    if not all(op is anchor or group.add(op) for op in ops) or ops[-1].results[0] not in group.paths:
        return None
    result = ops[-1].results[0]
    out = before(group.paths[result], dense(result))
    if out is None or any(v in group.paths for v in anchor.operands) or not group.constants.isdisjoint(anchor.operands):
        return None
    find = matmul_problem if isinstance(anchor, graph.MatmulOp) else conv_problem
    problem = find(anchor, group, result, out)  # pyright: ignore[reportArgumentType]  # each takes its own op
    return None if problem is None else replace(problem, element=i32)
