"""Strided views: how the elements of a tensor lie in memory, carried through the graph ops that only rename them.

A kernel reads a transposed, reshaped, sliced or broadcast operand in place when the chain between the buffer and the use is one
strided view, and stores straight into a transposed result when the chain after it is. Dims and strides are symbolic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import ints
from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.types import Dims, dims_of, order_of, physical_strides

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


@dataclass(frozen=True, slots=True)
class Strided:
    """Element `[i, j, ..]` lies `offset + i * strides[0] + j * strides[1] + ..` elements from the start of its buffer."""

    dims: Dims
    strides: Dims
    offset: DimExpr = ZERO

    def permuted(self, perm: Sequence[int]) -> Strided:
        return Strided(tuple(self.dims[p] for p in perm), tuple(self.strides[p] for p in perm), self.offset)

    def broadcast(self, dims: Dims) -> Strided:
        """The view repeated to `dims` by numpy's rules, through strides of zero."""
        missing = len(dims) - len(self.dims)
        own = zip(self.dims, self.strides, dims[missing:], strict=True)
        strides = [ZERO] * missing + [ZERO if d == ONE and to != ONE else s for d, s, to in own]
        return Strided(dims, tuple(strides), self.offset)

    def sliced(self, starts: Dims, steps: Dims, sizes: Dims) -> Strided:
        offset = self.offset
        for start, stride in zip(starts, self.strides, strict=True):
            offset = offset + start * stride
        strides = tuple(step * stride for step, stride in zip(steps, self.strides, strict=True))
        return Strided(sizes, strides, offset)

    def reshaped(self, dims: Dims) -> Strided | None:
        """The same elements, in row-major order of the logical dims, under other dims; None when that is no strided view."""
        strides: list[DimExpr] = []
        groups = reshape_groups(self.dims, dims)
        if groups is None:
            return None
        for old, new in groups:
            inner = self._contiguous(old)
            if inner is None:
                return None
            strides += [product([inner, *(dims[n] for n in range(axis + 1, new[-1] + 1))]) for axis in new]
        return Strided(dims, tuple(strides), self.offset)

    def _contiguous(self, axes: Sequence[int]) -> DimExpr | None:
        """The stride of the last of these adjacent axes when together they are one axis of that stride."""
        axes = [axis for axis in axes if self.dims[axis] != ONE]
        for outer, inner in pairwise(axes):
            if self.strides[outer] != self.strides[inner] * self.dims[inner]:
                return None
        return self.strides[axes[-1]] if axes else ZERO


def reshape_groups(before: Dims, after: Dims) -> list[tuple[list[int], list[int]]] | None:
    """The finest pairing of runs of axes with equal products; every axis of `after` is in one run. None when products differ."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        if j < len(after) and after[j] == ONE:
            groups.append(([], [j]))
            j += 1
        elif i < len(before) and before[i] == ONE:
            i += 1
        else:
            group = _group(before, after, i, j)
            if group is None:
                return None
            groups.append(group)
            i, j = group[0][-1] + 1, group[1][-1] + 1
    return groups


def _group(before: Dims, after: Dims, i: int, j: int) -> tuple[list[int], list[int]] | None:
    """The shortest runs from axes i and j on that hold equally many elements."""
    left, right = i + 1, j + 1
    while left <= len(before) and right <= len(after):
        whole, part = product(before[i:left]), product(after[j:right])
        if whole == part:
            return list(range(i, left)), list(range(j, right))
        if _divides(part, whole):
            right += 1
        else:
            left += 1
    return None


def _divides(part: DimExpr, whole: DimExpr) -> bool:
    """Whether `part` is the smaller product, to be grown before `whole`."""
    if part.is_static and whole.is_static:
        return part.value < whole.value
    return whole % part == ZERO


def dense(value: SSAValue) -> Strided:
    """A whole buffer: the tensor in its memory order."""
    return Strided(dims_of(value), physical_strides(value))


def is_view(op: Operation) -> bool:
    """Whether the op only renames elements of its first operand."""
    return isinstance(op, graph.TransposeOp | graph.ReshapeOp | graph.SliceOp | graph.BroadcastOp | graph.RelayoutOp)


def view_through(op: Operation, source: Strided) -> Strided | None:
    """The result of a view op as a view of the memory of its operand."""
    match op:
        case graph.TransposeOp():
            return source.permuted(ints(op.perm))
        case graph.ReshapeOp():
            return source.reshaped(dims_of(op.result))
        case graph.BroadcastOp():
            return source.broadcast(dims_of(op.result))
        case graph.SliceOp():
            return source.sliced(op.starts.data, op.steps.data, dims_of(op.result))
        case graph.RelayoutOp():
            return source
        case _:
            return None


def view_before(op: Operation, result: Strided) -> Strided | None:
    """Where the operand of a transpose, reshape or relayout lies when its result lies as `result` says."""
    match op:
        case graph.TransposeOp():
            perm = ints(op.perm)
            return result.permuted([perm.index(axis) for axis in range(len(perm))])
        case graph.ReshapeOp():
            return result.reshaped(dims_of(op.x))
        case graph.RelayoutOp():
            return result
        case _:
            return None


def is_row_major(value: SSAValue) -> bool:
    order = order_of(value)
    return order == tuple(range(len(order)))
