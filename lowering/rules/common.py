"""What the rules that walk trees share: the protocol's defaults, lane counts, costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects import func
from xdsl.ir import Attribute, Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import i1
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..access import ONE, ZERO, Apply, Node, NotAffine, Tree, build_tree, is_inline, splat_of
from ..kernel_attrs import body_ops, returned
from ..loop_types import bit_width
from ..values import register_type

EXPENSIVE = (
    graph.ExpOp,
    graph.LogOp,
    graph.SinOp,
    graph.CosOp,
    graph.TanOp,
    graph.SinhOp,
    graph.CoshOp,
    graph.AsinOp,
    graph.AcosOp,
    graph.AtanOp,
    graph.AsinhOp,
    graph.AcoshOp,
    graph.AtanhOp,
    graph.TanhOp,
    graph.SigmoidOp,
    graph.SiluOp,
    graph.MishOp,
    graph.SoftplusOp,
    graph.GeluOp,
    graph.ErfOp,
    graph.EluOp,
    graph.CeluOp,
    graph.SeluOp,
    graph.PowOp,
    graph.ModOp,
)
"""Pointwise ops that take tens of instructions."""


class BaseRule:
    """Defaults of the protocol: nothing packed, dims become runtime sizes, no scratch."""

    def pack(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> None:
        pass

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        # How a reshape splits dims can hang on numbers: 12 may be 3 * 4 here and 2 * 3 * 2 there.
        return not any(isinstance(op, graph.ReshapeOp) for op in body_ops(kernel))

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return ZERO


def body_of(kernel: func.FuncOp) -> tuple[list[Operation], SSAValue]:
    """The graph ops of a kernel, without inline constants, and its (first) result."""
    return [op for op in body_ops(kernel) if not is_inline(op)], returned(kernel)[0]


def tables_of(kernel: func.FuncOp) -> list[SSAValue]:
    """Inline constants of a kernel that are no splats."""
    return [op.results[0] for op in body_ops(kernel) if is_inline(op) and splat_of(op) is None]


def tree_of(ops: Sequence[Operation], bound: Iterable[SSAValue] = ()) -> Tree | None:
    """The tree of a group, or None when it has no tree."""
    if not ops or len(ops[-1].results) != 1:
        return None
    try:
        return build_tree(ops[-1].results[0], set(ops), bound)
    except NotAffine:
        return None


def recomputes(tree: Tree) -> bool:
    """Whether an expensive op would run again and again along an outer dim that it does not depend on."""
    for node in tree.applied:
        if isinstance(node.op, EXPENSIVE):
            last = max((axis for axis, varies in enumerate(node.varies) if varies), default=-1)
            if any(not node.varies[a] and tree.sizes[a] != ONE for a in range(last)):
                return True
    return False


def widest(nodes: Iterable[Node], raw: bool) -> int:
    """Bits of the widest element that is computed or moved; booleans adapt to what is beside them."""
    return max((_bits(n.element, raw) for n in nodes if n.element != i1), default=8)


def _bits(element: Attribute, raw: bool) -> int:
    return bit_width(element if raw else register_type(element))


def cost(nodes: Iterable[Node]) -> int:
    """About how many instructions the arithmetic of these nodes takes."""
    return sum(20 if isinstance(n.op, EXPENSIVE) else 1 for n in nodes if isinstance(n, Apply))


def unroll_for(work: int) -> int:
    """Vectors a turn: short bodies hide the loop's own work and latencies, long ones overlap by themselves."""
    return 4 if work <= 2 else 2 if work <= 8 else 1
