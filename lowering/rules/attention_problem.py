"""What an attention kernel computes, as strides of its operands and result over batch, query rows, keys and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import Dims, dims_of, element_of
from ..strided import ONE, ZERO, Strided
from .contraction_group import Group, surroundings


@dataclass(frozen=True, slots=True)
class Matrices:
    """Matrices in a buffer: element strides of the batch axes, of rows and of columns."""

    value: SSAValue
    offset: DimExpr
    batch: Dims
    row: DimExpr
    column: DimExpr


@dataclass(frozen=True)
class Problem:
    """`out[b, r] = softmax(scores(q[b, r], k[b])) @ v[b]` for each batch and each row of queries.

    With one query a head, the rows are the heads that share keys and values: they do not `advance` along the queries.
    """

    op: graph.AttentionOp
    element: Attribute
    batch: Dims
    rows: DimExpr
    keys: DimExpr
    depth: DimExpr
    columns: int
    advance: bool
    q: Matrices
    k: Matrices
    v: Matrices
    mask: Matrices | None
    out: Matrices

    @property
    def mask_per_row(self) -> bool:
        """Whether a mask differs from query to query."""
        return self.mask is not None and self.mask.row != ZERO

    @property
    def batches(self) -> DimExpr:
        return product(self.batch)


def analyse(ops: Sequence[Operation]) -> Problem | None:
    """The attention that these ops compute, operands behind views, the result read through views; None when they are none."""
    found = surroundings(ops, (graph.AttentionOp,))
    if found is None:
        return None
    group = found.group
    taken = any(v in group.paths or v in group.packed or v in group.constants for v in found.anchor.operands)
    if taken or group.epilogue or found.out.strides[-1] not in (ZERO, ONE):
        return None
    return _problem(found.anchor, group, found.result, found.out)


def _problem(op: graph.AttentionOp, group: Group, result: SSAValue, out: Strided) -> Problem | None:
    batch, (m, columns), (keys, depth) = op.batch, dims_of(op.result)[-2:], dims_of(op.k)[-2:]
    if not columns.is_static:
        return None
    views = {
        "q": (op.q, (m, depth)),
        "k": (op.k, (keys, depth)),
        "v": (op.v, (keys, columns)),
        **({} if op.mask is None else {"mask": (op.mask, (m, keys))}),
    }
    seen = {name: (group.view(x)[0], group.view(x)[1].broadcast((*batch, *dims))) for name, (x, dims) in views.items()}
    seen["out"] = (result, out)
    if op.mask is not None and seen["mask"][1].strides[-1] not in (ZERO, ONE):
        return None
    row = _row_axis(batch, m, seen)
    kept = [axis for axis, dim in enumerate(batch) if axis != row and dim != ONE]

    def matrices(name: str) -> Matrices:
        value, view = seen[name]
        along = view.strides[-2] if name in ("k", "v") else view.strides[row]
        return Matrices(value, view.offset, tuple(view.strides[a] for a in kept), along, view.strides[-1])

    return Problem(
        op=op,
        element=element_of(op.result),
        batch=tuple(batch[a] for a in kept),
        rows=(*batch, m)[row],
        keys=keys,
        depth=depth,
        columns=columns.value,
        advance=row == len(batch),
        q=matrices("q"),
        k=matrices("k"),
        v=matrices("v"),
        mask=matrices("mask") if op.mask is not None else None,
        out=matrices("out"),
    )


def _row_axis(batch: Dims, m: DimExpr, views: dict[str, tuple[SSAValue, Strided]]) -> int:
    """The axis of the rows: that of the queries, or where there is one query, a batch axis along which keys and values repeat."""
    if m != ONE:
        return len(batch)
    k, v = views["k"][1], views["v"][1]
    shared = [a for a, dim in enumerate(batch) if dim != ONE and k.strides[a] == ZERO and v.strides[a] == ZERO]
    return shared[-1] if shared else len(batch)
