"""Kernels as trees over an iteration space: every operand access is a stride for each loop.

An elementwise or data-movement DAG is read from its result downwards. Each value is indexed by lines: affine functions of the
iteration dims, one for each of its logical dims. Broadcast, transpose, slice, relayout and reshape only change the lines, so they
vanish; what is left are pointwise ops on leaves, and a leaf is a buffer with one stride for each iteration dim. A reshape that
merges or splits dims inside an iteration dim splits that dim first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeGuard

from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr, exact_quotient, product
from ..dialects.graph.dtypes import dense_array, numbers_of
from ..dialects.graph.types import Dims, dims_of, element_of, order_of, physical_strides
from .pointwise import is_pointwise

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


@dataclass(frozen=True)
class Line:
    """One logical index: `offset + sum(coefficients[k] * i_k)` over the iteration dims."""

    coefficients: Dims
    offset: DimExpr = ZERO

    def scaled(self, factor: DimExpr, shift: DimExpr = ZERO) -> Line:
        return Line(tuple(c * factor for c in self.coefficients), self.offset * factor + shift)

    def keep(self, axes: Sequence[int]) -> Line:
        """The line over some of the iteration dims only."""
        return Line(tuple(self.coefficients[a] for a in axes), self.offset)

    def __add__(self, other: Line) -> Line:
        pairs = zip(self.coefficients, other.coefficients, strict=True)
        return Line(tuple(a + b for a, b in pairs), self.offset + other.offset)


Lines = tuple[Line, ...]


@dataclass(eq=False)
class Node:
    """A value of the tree; `strides` says by how much a leaf moves with each iteration dim."""

    element: Attribute

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        """Whether the value depends on each iteration dim."""
        return ()

    def keep(self, axes: Sequence[int]) -> None:
        """Forget all iteration dims but these."""
        self.__dict__.pop("varies", None)


@dataclass(eq=False)
class Leaf(Node):
    """Elements of a buffer: at `offset + sum(strides[k] * i_k)`."""

    source: SSAValue
    strides: Dims
    offset: DimExpr

    def keep(self, axes: Sequence[int]) -> None:
        super().keep(axes)
        self.strides = tuple(self.strides[a] for a in axes)

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        return tuple(s != ZERO for s in self.strides)


@dataclass(eq=False)
class Splat(Node):
    """One number."""

    value: float | int
    rank: int

    def keep(self, axes: Sequence[int]) -> None:
        super().keep(axes)
        self.rank = len(axes)

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        return (False,) * self.rank


@dataclass(eq=False)
class Apply(Node):
    """A pointwise op on other nodes."""

    op: Operation
    children: tuple[Node, ...]

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        return tuple(any(flags) for flags in zip(*(c.varies for c in self.children), strict=True))


@dataclass(eq=False)
class Bound(Node):
    """A value that the rule computes itself, such as the result of a reduction."""

    value: SSAValue
    lines: Lines
    rank: int

    def keep(self, axes: Sequence[int]) -> None:
        super().keep(axes)
        self.rank = len(axes)
        self.lines = tuple(line.keep(axes) for line in self.lines)

    @cached_property
    def varies(self) -> tuple[bool, ...]:
        return tuple(any(line.coefficients[k] != ZERO for line in self.lines) for k in range(self.rank))


class NotAffine(Exception):
    """An op or a reshape that lines cannot express."""


class _Split(Exception):
    """Iteration dim `axis` must become two, of these sizes."""

    def __init__(self, axis: int, outer: DimExpr, inner: DimExpr) -> None:
        super().__init__(axis, outer, inner)
        self.axis, self.sizes = axis, (outer, inner)


@dataclass
class Space:
    """The iteration dims, outermost first, and the line of each logical dim of the value they iterate over."""

    sizes: Dims
    lines: Lines

    @staticmethod
    def over(value: SSAValue) -> Space:
        """The dims of a value in its memory order, without those that are 1."""
        dims = dims_of(value)
        axes = [a for a in order_of(value) if dims[a] != ONE]
        lines = [Line(tuple(ONE if axis == a else ZERO for a in axes)) for axis in range(len(dims))]
        return Space(tuple(dims[a] for a in axes), tuple(lines))

    def split(self, axis: int, outer: DimExpr, inner: DimExpr) -> Space:
        def cut(line: Line) -> Line:
            c = line.coefficients
            return Line((*c[:axis], c[axis] * inner, *c[axis:]), line.offset)

        sizes = (*self.sizes[:axis], outer, inner, *self.sizes[axis + 1 :])
        return Space(sizes, tuple(map(cut, self.lines)))


@dataclass
class Tree:
    """An iteration space, the nodes that a rule evaluates over it, and where the result goes."""

    space: Space
    roots: list[Node]
    target: Leaf
    nodes: list[Node]
    """Every node, operands before users."""
    tables: list[SSAValue]
    """Inline constants that are no splats: leaves read them row-major from a buffer that the kernel fills."""

    @property
    def sizes(self) -> Dims:
        return self.space.sizes

    @property
    def root(self) -> Node:
        """The node of the kernel's result."""
        return self.roots[-1]

    @property
    def leaves(self) -> list[Leaf]:
        return [n for n in self.nodes if isinstance(n, Leaf)]

    @property
    def applied(self) -> list[Apply]:
        return [n for n in self.nodes if isinstance(n, Apply)]

    def collapse(self, labels: Sequence[object] | None = None) -> list[int]:
        """Merge adjacent iteration dims (of one label) that every access walks as one.

        Returns the old dims that the new ones end at.
        """
        accesses = [*self.leaves, self.target]
        groups: list[int] = []
        merged: list[DimExpr] = []
        for axis, size in enumerate(self.sizes):
            joins = bool(groups) and (labels is None or labels[groups[-1]] == labels[axis])
            if joins and all(a.strides[groups[-1]] == a.strides[axis] * size for a in accesses):
                groups[-1] = axis
                merged[-1] = merged[-1] * size
            else:
                groups.append(axis)
                merged.append(size)
        for node in (*self.nodes, self.target):
            node.keep(groups)
        self.space = Space(tuple(merged), tuple(line.keep(groups) for line in self.space.lines))
        return groups


def build_tree(result: SSAValue, ops: Collection[Operation] | None = None, bound: Iterable[SSAValue] = ()) -> Tree:
    """The tree of the value that a group of ops computes, over its own dims; see `build_trees`."""
    return build_trees(Space.over(result), lambda space: [(result, space.lines)], ops, bound)


def build_trees(
    space: Space,
    roots: Callable[[Space], Sequence[tuple[SSAValue, Lines]]],
    ops: Collection[Operation] | None = None,
    bound: Iterable[SSAValue] = (),
) -> Tree:
    """The nodes of some values, indexed by lines of a common space; the last one is the result, stored where its type says.

    Values in `bound` are not looked into. Without `ops` everything up to block arguments belongs to the group. `space` and with
    it the lines change when a reshape splits a dim. NotAffine when an op has no place in a tree.
    """
    while True:
        builder = _Builder(space.sizes, ops, frozenset(bound))
        wanted = roots(space)
        try:
            nodes = [builder.node(value, lines) for value, lines in wanted]
        except _Split as split:
            space = space.split(split.axis, *split.sizes)
            continue
        result, lines = wanted[-1]
        target = _leaf(result, lines, physical_strides(result), len(space.sizes))
        return Tree(space, nodes, target, list(dict.fromkeys(builder.known.values())), builder.tables)


def _leaf(value: SSAValue, lines: Lines, strides: Sequence[DimExpr], rank: int) -> Leaf:
    total = Line((ZERO,) * rank)
    for line, stride in zip(lines, strides, strict=True):
        total = total + line.scaled(stride)
    return Leaf(element_of(value), value, total.coefficients, total.offset)


@dataclass
class _Builder:
    sizes: Dims
    ops: Collection[Operation] | None
    bound: frozenset[SSAValue]
    tables: list[SSAValue] = field(default_factory=list[SSAValue])
    known: dict[tuple[SSAValue, Lines], Node] = field(default_factory=dict[tuple[SSAValue, Lines], Node])

    def node(self, value: SSAValue, lines: Lines) -> Node:
        found = self.known.get((value, lines))
        if found is None:
            found = self.known[value, lines] = self._node(value, lines)
        return found

    def _node(self, value: SSAValue, lines: Lines) -> Node:
        owner = value.owner
        if value in self.bound:
            return Bound(element_of(value), value, lines, len(self.sizes))
        if isinstance(value, BlockArgument) or not isinstance(owner, Operation):
            return _leaf(value, lines, physical_strides(value), len(self.sizes))
        if is_inline(owner):
            return self._constant(owner, lines)
        if self.ops is not None and owner not in self.ops:
            return _leaf(value, lines, physical_strides(value), len(self.sizes))
        if is_pointwise(owner):
            dims = dims_of(value)
            children = [self.node(o, aligned(dims, lines, dims_of(o))) for o in owner.operands]
            return Apply(element_of(value), owner, tuple(children))
        step = _STEPS.get(type(owner))
        if step is None:
            raise NotAffine(owner.name)
        return self.node(owner.operands[0], step(self, owner, lines))

    def _constant(self, op: graph.ConstantOp | graph.DimsOp, lines: Lines) -> Node:
        number = splat_of(op)
        if number is not None:
            return Splat(element_of(op.result), number, len(self.sizes))
        if op.result not in self.tables:
            self.tables.append(op.result)
        return _leaf(op.result, lines, places(dims_of(op.result)), len(self.sizes))

    # -- reshape ----------------------------------------------------------------------------------------------------------
    def reshape(self, op: graph.ReshapeOp, lines: Lines) -> Lines:
        """Lines of the operand: the digits of the row-major position under its dims."""
        before, after = dims_of(op.x), dims_of(op.result)
        rank = len(self.sizes)
        whole = Line((ZERO,) * rank)
        for line, place in zip(lines, places(after), strict=True):
            whole = whole + line.scaled(place)
        if whole.offset != ZERO:
            raise NotAffine("a reshape of a slice")
        digits = [[ZERO] * rank for _ in before]
        for axis, coefficient in enumerate(whole.coefficients):
            if coefficient != ZERO:
                digit, factor = self._digit(axis, coefficient, before)
                digits[digit][axis] = factor
        return tuple(Line(tuple(d)) for d in digits)

    def _digit(self, axis: int, coefficient: DimExpr, dims: Dims) -> tuple[int, DimExpr]:
        """Which dim a step of an iteration dim moves in, and how far."""
        reach = coefficient * self.sizes[axis]
        for position, place in enumerate(places(dims)):
            factor = exact_quotient(coefficient, place)
            if dims[position] == ONE or factor is None:
                continue
            if exact_quotient(place * dims[position], reach) is not None:
                return position, factor
            # The iteration dim goes on into the next dim: cut it where this dim ends.
            inner = exact_quotient(dims[position], factor)
            outer = exact_quotient(self.sizes[axis], inner) if inner is not None else None
            if inner is not None and outer is not None and inner != ONE:
                raise _Split(axis, outer, inner)
        raise NotAffine("a reshape across iteration dims")


def is_inline(op: Operation) -> TypeGuard[graph.ConstantOp | graph.DimsOp]:
    """A constant that is part of the kernels that read it."""
    return isinstance(op, graph.DimsOp) or (isinstance(op, graph.ConstantOp) and op.dense is not None)


def splat_of(op: graph.ConstantOp | graph.DimsOp) -> float | int | None:
    """The number that an inline constant repeats, as registers hold it, if it is one number."""
    if isinstance(op, graph.DimsOp):
        (first, *rest) = op.value.data or (ZERO,)
        return first.value if first.is_static and not rest else None
    assert op.dense is not None
    numbers = numbers_of(dense_array(op.dense))
    return numbers[0] if numbers and all(n == numbers[0] for n in numbers) else None


def places(dims: Sequence[DimExpr]) -> list[DimExpr]:
    """Row-major strides."""
    return [product(dims[i + 1 :]) for i in range(len(dims))]


def aligned(dims: Dims, lines: Lines, operand: Dims) -> Lines:
    """Lines of an operand that broadcasts to `dims` by numpy's rules."""
    zero = Line((ZERO,) * (len(lines[0].coefficients) if lines else 0))
    start = len(dims) - len(operand)
    return tuple(zero if size == ONE else lines[start + axis] for axis, size in enumerate(operand))


def _broadcast(_: _Builder, op: graph.BroadcastOp, lines: Lines) -> Lines:
    return aligned(dims_of(op.result), lines, dims_of(op.x))


def _stretch(_: _Builder, op: graph.StretchOp, lines: Lines) -> Lines:
    """A dim that may be 1 has a stride that is 0 then."""
    dims, result = dims_of(op.x), dims_of(op.result)
    pairs = zip(aligned(result, lines, dims), dims, result[len(result) - len(dims) :], strict=True)
    return tuple(line if dim in (ONE, whole) else line.scaled((dim - 1).min(1)) for line, dim, whole in pairs)


def _transpose(_: _Builder, op: graph.TransposeOp, lines: Lines) -> Lines:
    position = {p: i for i, p in enumerate(op.perm.get_values())}
    return tuple(lines[position[axis]] for axis in range(len(lines)))


def _slice(_: _Builder, op: graph.SliceOp, lines: Lines) -> Lines:
    rows = zip(lines, op.starts.data, op.steps.data, dims_of(op.x), dims_of(op.result), strict=True)
    return tuple(line if x == size and step == ONE else line.scaled(step, start) for line, start, step, x, size in rows)


_STEPS: dict[type[Operation], Callable[[_Builder, Any, Lines], Lines]] = {
    graph.TransposeOp: _transpose,
    graph.BroadcastOp: _broadcast,
    graph.StretchOp: _stretch,
    graph.SliceOp: _slice,
    graph.RelayoutOp: lambda _, op, lines: lines,
    graph.ReshapeOp: _Builder.reshape,
}

INDEX_MAPS = tuple(_STEPS)
"""Movement ops that vanish in a tree (a reshape only where dims split and merge cleanly)."""
