"""Integer tensors that count: value[i, j, ..] = start + step * index along one axis. Position ids and masks are made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.attrs import DimsAttr
from ..dialects.graph.base import ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import is_integer
from ..dialects.graph.types import dims_of, element_of, rank_of
from ..lowering.strided import reshape_groups
from ..runtime.weights import WeightStore
from .constants import Array, array_of
from .fold_shapes import is_natural
from .lossless import loses_nothing

MAX_ELEMENTS = 1 << 16
"""Larger constants aren't looked through."""


@dataclass(frozen=True)
class Count:
    """start + step * index along `axis`; the same everywhere where axis is None (and step 0)."""

    start: DimExpr
    step: int = 0
    axis: int | None = None

    def range(self, value: SSAValue) -> tuple[DimExpr, DimExpr]:
        """The smallest and the largest element of the value, which has at least one."""
        if self.axis is None:
            return self.start, self.start
        last = self.start + (dims_of(value)[self.axis] - 1) * self.step
        return (self.start, last) if self.step >= 0 else (last, self.start)


def count_of(value: SSAValue, store: WeightStore) -> Count | None:
    """How an integer value counts, or None."""
    if not is_integer(element_of(value)):
        return None
    op = value.owner
    match op:
        case graph.ConstantOp():
            array = array_of(value, store)
            return None if array is None else count_in(array)
        case graph.DimsOp():
            return Count(op.value.data[0]) if len(op.value.data) == 1 else None
        case graph.RangeOp():
            return _count_range(op, store)
        case graph.CastOp():
            return count_of(op.x, store) if loses_nothing(element_of(op.x), element_of(value)) else None
        case graph.ReshapeOp() | graph.BroadcastOp() | graph.SliceOp() | graph.TransposeOp():
            inner = count_of(op.x, store)
            return None if inner is None else _moved(op, inner)
        case graph.AddOp() | graph.SubOp() | graph.MulOp():
            return _arithmetic(op, store)
        case _:
            return None


def count_in(array: Array) -> Count | None:
    """How the elements of an integer array count, or None."""
    if not 0 < array.size <= MAX_ELEMENTS:
        return None
    start = DimExpr.of(int(array[(0,) * array.ndim]))
    varying = [axis for axis in range(array.ndim) if array.shape[axis] > 1]
    found = [axis for axis in varying if bool((np.take(array, 1, axis) != np.take(array, 0, axis)).any())]
    if not found:
        return Count(start) if bool((array == array[(0,) * array.ndim]).all()) else None
    axis = found[0]
    step = int(np.take(array, 1, axis).flat[0]) - start.value
    turned = np.moveaxis(array, axis, -1)
    counted = np.arange(array.shape[axis], dtype=np.int64) * step + start.value
    same = bool(np.equal(turned, counted).all())
    return Count(start, step, axis) if len(found) == 1 and same else None


def _count_range(op: graph.RangeOp, store: WeightStore) -> Count | None:
    start, delta = count_of(op.start, store), count_of(op.delta, store)
    if start is None or delta is None or start.axis is not None or not delta.start.is_static:
        return None
    return Count(start.start, delta.start.value, 0)


def _moved(op: graph.ReshapeOp | graph.BroadcastOp | graph.SliceOp | graph.TransposeOp, inner: Count) -> Count | None:
    """The same elements at other places."""
    if inner.axis is None:
        return inner
    match op:
        case graph.TransposeOp():
            return replace(inner, axis=ints(op.perm).index(inner.axis))
        case graph.BroadcastOp():
            return replace(inner, axis=inner.axis + rank_of(op.result) - rank_of(op.x))
        case graph.SliceOp():
            step = op.steps.data[inner.axis]
            if not step.is_static:
                return None
            start = inner.start + op.starts.data[inner.axis] * inner.step
            return Count(start, inner.step * step.value, inner.axis)
        case graph.ReshapeOp():
            groups = reshape_groups(dims_of(op.x), dims_of(op.result)) or []
            axes = [new[0] for old, new in groups if old == [inner.axis] and len(new) == 1]
            return replace(inner, axis=axes[0]) if axes else None


def _arithmetic(op: graph.AddOp | graph.SubOp | graph.MulOp, store: WeightStore) -> Count | None:
    lhs, rhs = count_of(op.lhs, store), count_of(op.rhs, store)
    if lhs is None or rhs is None or rhs.axis is not None:
        return None
    axis = None if lhs.axis is None else lhs.axis + rank_of(op.result) - rank_of(op.lhs)
    match op:
        case graph.AddOp():
            return Count(lhs.start + rhs.start, lhs.step, axis)
        case graph.SubOp():
            return Count(lhs.start - rhs.start, lhs.step, axis)
        case graph.MulOp():
            factor = rhs.start
            return Count(lhs.start * factor, lhs.step * factor.value, axis) if factor.is_static else None


def is_at_least_zero(expression: DimExpr, op: Operation) -> bool:
    """Whether an expression can't be negative, given what import assumed of the dims of the function that `op` is in."""
    if is_natural(expression):
        return True
    assumptions = _function_of(op).attributes.get("graph.assumptions")
    assumed = assumptions.data if isinstance(assumptions, DimsAttr) else ()
    return any(is_natural(expression - a) for a in assumed)


def _function_of(op: Operation) -> Operation:
    parent: Operation | None = op
    while parent is not None and not isinstance(parent, FuncOp):
        op, parent = parent, parent.parent_op()
    return parent if parent is not None else op
