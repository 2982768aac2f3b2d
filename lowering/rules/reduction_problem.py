"""What a reduction kernel is: its anchor, the tree of everything it reads and writes, and which dims are reduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.dims import DimExpr, exact_quotient
from ...dialects.graph.types import dims_of
from ..access import INDEX_MAPS, ONE, ZERO, Bound, Line, Lines, Node, NotAffine, Space, Tree, aligned, build_trees, is_inline
from ..pointwise import is_pointwise
from .common import EXPENSIVE

Axes = tuple[int, ...]
Params = Callable[[Any, Lines], list[tuple[SSAValue, Lines]]]


@dataclass(frozen=True)
class Anchor:
    """How an anchor op is taken apart."""

    axes: Callable[[Any], Axes]
    """The logical dims of x that are reduced."""
    params: Params = lambda op, lines: []
    """Its other operands, with their lines by the lines of x."""
    passes: int = 1
    """How often x is read."""


def _one_axis(op: Any) -> Axes:
    return (integer(op.axis),)


def _trailing(op: graph.LayerNormOp | graph.RmsNormOp) -> Axes:
    return tuple(range(integer(op.axis), len(dims_of(op.x))))


def _trailing_params(op: graph.LayerNormOp | graph.RmsNormOp, lines: Lines) -> list[tuple[SSAValue, Lines]]:
    axis, dims = integer(op.axis), dims_of(op.x)
    return [(p, aligned(dims[axis:], lines[axis:], dims_of(p))) for p in op.operands[1:]]


def _spatial(op: graph.InstanceNormOp | graph.GroupNormOp) -> Axes:
    return tuple(range(2, len(dims_of(op.x))))


def _channel_params(op: graph.InstanceNormOp | graph.GroupNormOp, lines: Lines) -> list[tuple[SSAValue, Lines]]:
    return [(p, (lines[1],)) for p in op.operands[1:]]


ANCHORS: dict[type[Operation], Anchor] = {
    graph.ReduceOp: Anchor(lambda op: tuple(ints(op.axes))),
    graph.ArgReduceOp: Anchor(_one_axis),
    graph.CumsumOp: Anchor(_one_axis),
    graph.CumprodOp: Anchor(_one_axis),
    graph.SoftmaxOp: Anchor(_one_axis, passes=2),
    graph.LogSoftmaxOp: Anchor(_one_axis, passes=2),
    graph.LpNormalizeOp: Anchor(_one_axis, passes=2),
    graph.LayerNormOp: Anchor(_trailing, _trailing_params, passes=3),
    graph.RmsNormOp: Anchor(_trailing, _trailing_params, passes=2),
    graph.InstanceNormOp: Anchor(_spatial, _channel_params, passes=3),
    graph.GroupNormOp: Anchor(_spatial, _channel_params, passes=3),
}


@dataclass
class Problem:
    """One kernel. The iteration space is that of x in its memory order; `reduced` says which of its dims are reduced."""

    anchor: Any
    tree: Tree
    reduced: list[bool]
    full: bool
    """The result has the dims of x, not only the kept ones."""

    @property
    def x(self) -> Node:
        return self.tree.roots[0]

    @property
    def params(self) -> Sequence[Node]:
        return self.tree.roots[1:-1]

    @property
    def sizes(self) -> tuple[DimExpr, ...]:
        return self.tree.sizes

    @property
    def rows(self) -> bool:
        """Whether the innermost dim is reduced."""
        return bool(self.reduced) and self.reduced[-1]

    @property
    def reduced_axes(self) -> Axes:
        return tuple(a for a, r in enumerate(self.reduced) if r)

    @property
    def kept_axes(self) -> Axes:
        return tuple(a for a, r in enumerate(self.reduced) if not r)


def problem_of(ops: Sequence[Operation]) -> Problem | None:
    """The problem that a group of ops is, or None."""
    ops = [op for op in ops if not is_inline(op)]
    anchors = [op for op in ops if type(op) in ANCHORS]
    others = all(is_pointwise(op) or isinstance(op, INDEX_MAPS) for op in ops if op not in anchors)
    if len(anchors) != 1 or not others or len(ops[-1].results) != 1:
        return None
    try:
        return _problem(anchors[0], ops)
    except NotAffine:
        return None


def _problem(op: Any, ops: Sequence[Operation]) -> Problem | None:
    result, x = ops[-1].results[0], op.x
    spread = _result_lines(op, result)
    if spread is None:
        return None

    def roots(space: Space) -> list[tuple[SSAValue, Lines]]:
        return [(x, space.lines), *ANCHORS[type(op)].params(op, space.lines), (result, spread(space.lines))]

    tree = build_trees(_space(op), roots, set(ops), bound=[op.results[0]])
    expected = _kept_lines(op, tree.space.lines)
    if any(isinstance(n, Bound) and n.lines != expected for n in tree.nodes):
        return None
    reduced = _reduced(op, tree.space)
    kept = tree.collapse(reduced)
    problem = Problem(op, tree, [reduced[k] for k in kept], spread(tree.space.lines) == tree.space.lines)
    return problem if _is_cheap(problem) and _streams(problem) else None


def _space(op: Any) -> Space:
    """The dims of x in memory order; the channels of a group norm are split into groups."""
    space, dims = Space.over(op.x), dims_of(op.x)
    if not isinstance(op, graph.GroupNormOp) or integer(op.groups) == 1 or dims[1] == DimExpr.of(integer(op.groups)):
        return space
    channels = exact_quotient(dims[1], DimExpr.of(integer(op.groups)))
    if channels is None:
        raise NotAffine("channels do not split in groups")
    return space.split(space.lines[1].coefficients.index(ONE), DimExpr.of(integer(op.groups)), channels)


def _reduced(op: Any, space: Space) -> list[bool]:
    axes = set(ANCHORS[type(op)].axes(op))
    flags = [any(space.lines[a].coefficients[k] != ZERO for a in axes) for k in range(len(space.sizes))]
    if isinstance(op, graph.GroupNormOp):
        # Channels inside a group are reduced too.
        channels = exact_quotient(dims_of(op.x)[1], DimExpr.of(integer(op.groups)))
        assert channels is not None
        for k, (step, size) in enumerate(zip(space.lines[1].coefficients, space.sizes, strict=True)):
            flags[k] = flags[k] or (step != ZERO and exact_quotient(channels, step * size) is not None)
    return flags


def _kept_lines(op: Any, lines: Lines) -> Lines:
    """Lines of the anchor's result by those of x."""
    if not isinstance(op, graph.ReduceOp | graph.ArgReduceOp):
        return lines
    axes, zero = set(ANCHORS[type(op)].axes(op)), Line((ZERO,) * len(lines[0].coefficients)) if lines else None
    kept: list[Line] = []
    for axis, line in enumerate(lines):
        if axis not in axes:
            kept.append(line)
        elif flag(op.keepdims) and zero is not None:
            kept.append(zero)
    return tuple(kept)


def _result_lines(op: Any, result: SSAValue) -> Callable[[Lines], Lines] | None:
    """How the lines of the kernel's result follow from those of x: as those of the anchor's result, or of x itself."""
    if dims_of(result) == dims_of(op.results[0]):
        return lambda lines: _kept_lines(op, lines)
    return (lambda lines: lines) if dims_of(result) == dims_of(op.x) else None


def _is_cheap(problem: Problem) -> bool:
    """Whether what comes before the anchor may be computed as often as x is read."""
    if ANCHORS[type(problem.anchor)].passes == 1:
        return True
    pending, seen = [problem.x], set[int]()
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            if isinstance(getattr(node, "op", None), EXPENSIVE):
                return False
            pending += getattr(node, "children", ())
    return True


def _streams(problem: Problem) -> bool:
    """Whether everything is read and written contiguously along the innermost dim, or does not move."""
    if not problem.sizes:
        return True
    steps = [leaf.strides[-1] for leaf in (*problem.tree.leaves, problem.tree.target)]
    return all(s in (ZERO, ONE) for s in steps)
