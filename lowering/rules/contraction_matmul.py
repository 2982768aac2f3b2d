"""Matmul as a contraction problem: batch dims that only the left side has are rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import Dims, dims_of, element_of
from ..strided import ONE, ZERO, Strided, dense
from .contraction_group import Group
from .contraction_problem import Access, Lhs, Problem, Rhs, collapsed


def matmul_problem(anchor: graph.MatmulOp, group: Group, result: SSAValue, out: Strided) -> Problem | None:
    m, n, k = anchor.mnk
    batch = dims_of(anchor.result)[:-2]
    lhs_root, lhs = group.view(anchor.lhs)
    lhs = _swapped(lhs, flag(anchor.transpose_lhs)).broadcast((*batch, m, k))
    rhs = _matmul_rhs(anchor, group, batch)
    shared = [axis for axis, dim in enumerate(batch) if rhs.batch[axis] == ZERO and dim != ONE]
    kept = [axis for axis, dim in enumerate(batch) if axis not in shared and dim != ONE]
    rows = [*shared, len(batch)]

    def access(value: SSAValue, view: Strided) -> Access:
        strides = view.strides
        return Access(value, view.offset, _pick(strides, kept), _pick(strides, rows), strides[-1])

    left = Lhs(
        lhs_root,
        lhs.offset,
        _pick(lhs.strides, kept),
        *collapsed(_pick(lhs.dims, rows), _pick(lhs.strides, rows)),
        run=k,
        run_step=lhs.strides[-1],
    )
    right = replace(rhs, batch=_pick(rhs.batch, kept))
    accesses = {value: access(group.view(value)[0], view) for value, view in group.inputs.items()}
    extents = _pick((*batch, m), rows)
    return Problem(
        element=element_of(anchor.result),
        batch=_pick(batch, kept),
        rows=extents,
        columns=n,
        depth=k,
        lhs=left,
        rhs=right,
        anchor=anchor,
        epilogue=tuple(group.epilogue),
        inputs=accesses,
        out=access(result, out),
    )


def _swapped(view: Strided, swap: bool) -> Strided:
    rank = len(view.dims)
    return view.permuted([*range(rank - 2), rank - 1, rank - 2]) if swap else view


def _pick(values: Sequence[DimExpr], axes: Sequence[int]) -> Dims:
    return tuple(values[axis] for axis in axes)


def _matmul_rhs(anchor: graph.MatmulOp, group: Group, batch: Dims) -> Rhs:
    """The right-hand side with a batch stride for every batch dim of the result."""
    unpack = group.packed.get(anchor.rhs)
    if unpack is not None:
        panels = dense(unpack.source)
        view = Strided(panels.dims[:-3], panels.strides[:-3]).broadcast(batch)
        return Rhs(unpack.source, ZERO, view.strides, ZERO, ONE, unpack.packing["nr"], panels.dims[-2])
    root, view = group.view(anchor.rhs)
    view = _swapped(view, flag(anchor.transpose_rhs))
    view = view.broadcast((*batch, *view.dims[-2:]))
    return Rhs(root, view.offset, view.strides[:-2], view.strides[-2], view.strides[-1])
