"""Formulas over values: `(x - mean) * scale` emits the graph ops that compute it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr, DimLike
from ..dialects.graph.dtypes import element_type, numpy_dtype
from ..dialects.graph.types import Dims, dims_of, element_of, tensor
from ..runtime.weights import Array
from .builder import Builder
from .node import Node


@dataclass(frozen=True, eq=False)
class Term:
    """A value with operators. Shapes broadcast; a number beside a term becomes a scalar of its element type."""

    build: Builder
    value: SSAValue

    @property
    def dims(self) -> Dims:
        return dims_of(self.value)

    @property
    def element(self) -> Attribute:
        return element_of(self.value)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return numpy_dtype(self.element)

    # -- elementwise --------------------------------------------------------------------------------------------------
    def apply(self, make: Callable[[SSAValue], Operation]) -> Term:
        """The first result of an op on this value."""
        return Term(self.build, self.build.emit(make(self.value)))

    def with_(self, make: Callable[[SSAValue, SSAValue], Operation], other: Operand) -> Term:
        """The first result of an op on this value and another one."""
        return Term(self.build, self.build.emit(make(self.value, self.like(other).value)))

    def like(self, other: Operand) -> Term:
        """A term, or a number as a scalar of this element type."""
        return other if isinstance(other, Term) else Term(self.build, self.build.scalar(other, self.value))

    def __add__(self, other: Operand) -> Term:
        return self.with_(graph.AddOp, other)

    def __radd__(self, other: float) -> Term:
        return self.with_(graph.AddOp, other)

    def __sub__(self, other: Operand) -> Term:
        return self.with_(graph.SubOp, other)

    def __rsub__(self, other: float) -> Term:
        return self.like(other) - self

    def __mul__(self, other: Operand) -> Term:
        return self.with_(graph.MulOp, other)

    def __rmul__(self, other: float) -> Term:
        return self.with_(graph.MulOp, other)

    def __truediv__(self, other: Operand) -> Term:
        return self.with_(graph.DivOp, other)

    def __rtruediv__(self, other: float) -> Term:
        return self.like(other) / self

    def __pow__(self, other: Operand) -> Term:
        return self.with_(graph.PowOp, other)

    def __neg__(self) -> Term:
        return self.apply(graph.NegOp)

    def __abs__(self) -> Term:
        return self.apply(graph.AbsOp)

    def __lt__(self, other: Operand) -> Term:
        return self.with_(graph.LessOp, other)

    def __le__(self, other: Operand) -> Term:
        return self.with_(graph.LessEqualOp, other)

    def __gt__(self, other: Operand) -> Term:
        return self.with_(graph.GreaterOp, other)

    def __ge__(self, other: Operand) -> Term:
        return self.with_(graph.GreaterEqualOp, other)

    def __and__(self, other: Term) -> Term:
        return self.with_(graph.AndOp, other)

    def __or__(self, other: Term) -> Term:
        return self.with_(graph.OrOp, other)

    def __invert__(self) -> Term:
        return self.apply(graph.NotOp)

    def equal(self, other: Operand) -> Term:
        return self.with_(graph.EqualOp, other)

    def maximum(self, other: Operand) -> Term:
        return self.with_(graph.MaxOp, other)

    def minimum(self, other: Operand) -> Term:
        return self.with_(graph.MinOp, other)

    def exp(self) -> Term:
        return self.apply(graph.ExpOp)

    def log(self) -> Term:
        return self.apply(graph.LogOp)

    def sqrt(self) -> Term:
        return self.apply(graph.SqrtOp)

    def select(self, yes: Term, no: Operand) -> Term:
        """`yes` where this boolean holds, `no` elsewhere."""
        return Term(self.build, self.build.emit(graph.WhereOp(self.value, yes.value, yes.like(no).value)))

    def cast(self, to: Attribute | DTypeLike) -> Term:
        element = to if isinstance(to, Attribute) else element_type(np.dtype(to))
        return Term(self.build, self.build.cast(self.value, element))

    # -- along axes ---------------------------------------------------------------------------------------------------
    def reduce(self, kind: str, axis: int | Sequence[int], keepdims: bool = True) -> Term:
        axes = [axis] if isinstance(axis, int) else axis
        return self.apply(lambda x: graph.ReduceOp(x, kind, axes, keepdims))

    def arg_max(self, axis: int) -> Term:
        return self.apply(lambda x: graph.ArgReduceOp(x, "max", axis, keepdims=False))

    def gather(self, indices: Term, axis: int = 0) -> Term:
        return self.with_(lambda x, i: graph.GatherOp(x, i, axis), indices)

    def __matmul__(self, other: Term) -> Term:
        return self.with_(graph.MatmulOp, other)

    # -- data movement ------------------------------------------------------------------------------------------------
    def reshape(self, *dims: DimLike) -> Term:
        return Term(self.build, self.build.reshape(self.value, dims))

    def broadcast(self, *dims: DimLike) -> Term:
        return Term(self.build, self.build.broadcast(self.value, dims))

    def transpose(self, *perm: int) -> Term:
        return self if list(perm) == list(range(len(perm))) else Term(self.build, self.build.transpose(self.value, perm))

    def part(self, axis: int, start: DimLike, size: DimLike) -> Term:
        """Consecutive elements along an axis, which must lie within it."""
        axis, start, size = axis % len(self.dims), DimExpr.of(start), DimExpr.of(size)
        if size == self.dims[axis]:
            return self
        dims = [size if i == axis else d for i, d in enumerate(self.dims)]
        starts = [start if i == axis else 0 for i in range(len(dims))]
        return self.apply(lambda x: graph.SliceOp(x, starts, tensor(self.element, dims)))

    def split(self, axis: int, count: int) -> list[Term]:
        """Equal parts along an axis, whose dim is a multiple of `count`."""
        size = self.dims[axis] // count
        return [self.part(axis, size * i, size) for i in range(count)]

    def item(self, index: int) -> Term:
        """One element of dim 0, without that dim."""
        return self.part(0, index, 1).reshape(*self.dims[1:])


Operand: TypeAlias = Term | float


def term(n: Node, index: int = 0) -> Term:
    """An operand of the node."""
    return Term(n.build, n.x(index))


def optional(n: Node, index: int) -> Term | None:
    return term(n, index) if n.has(index) else None


def constant(n: Node, array: Array, name: str = "constant") -> Term:
    return Term(n.build, n.build.constant(array, name).value())


def concat(terms: Sequence[Term], axis: int) -> Term:
    """The terms one after the other along an axis."""
    first = terms[0]
    if len(terms) == 1:
        return first
    return Term(first.build, first.build.emit(graph.ConcatOp([t.value for t in terms], axis)))


def stack(terms: Sequence[Term], axis: int) -> Term:
    """The terms along a new axis."""
    dims = terms[0].dims
    return concat([t.reshape(*dims[:axis], 1, *dims[axis:]) for t in terms], axis)


def iota(n: Node, count: DimLike, dtype: DTypeLike = np.int64) -> Term:
    """0, 1, ... below `count`, a constant where that is a number."""
    count = DimExpr.of(count)
    if count.is_static:
        return constant(n, np.arange(count.value, dtype=dtype))
    element = element_type(np.dtype(dtype))
    zero, one = (n.build.scalar(v, element) for v in (0, 1))
    limit = n.build.cast(n.build.emit(graph.DimsOp([count], scalar=True)), element)
    return Term(n.build, n.emit(graph.RangeOp(zero, limit, one, tensor(element, [count]))))
