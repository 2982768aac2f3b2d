"""M1, M2 among data movement, where they are never worse: less is moved, and what moves comes to stand beside its like."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer, ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import broadcast_dims, dims_of, element_of, rank_of, tensor, tensor_type
from ...lowering.strided import is_row_major, reshape_groups
from ..driver import AnyPattern, Pattern, Rewriter, producer, users

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


def only_sliced(value: SSAValue) -> bool:
    """Whether all users of a value take slices of it."""
    return all(isinstance(user, graph.SliceOp) for user in users(value))


def is_concat(value: SSAValue) -> bool:
    """Whether a value is a concat, at most reshaped."""
    reshape = producer(value, graph.ReshapeOp)
    return isinstance(value.owner if reshape is None else reshape.x.owner, graph.ConcatOp)


class SliceOfConcatAcross(Pattern[graph.SliceOp]):
    """slice(concat(a, b) along one dim) along others -> concat(slice(a), slice(b))

    guard: nothing else uses the concat, or all users take slices and a and b are concats too, of which the slices are parts
    """

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        concat = producer(op.x, graph.ConcatOp)
        if concat is None or not (op.x.has_one_use() or (only_sliced(op.x) and all(map(is_concat, concat.xs)))):
            return False
        axis = integer(concat.axis)
        untouched = op.starts.data[axis] == ZERO and op.steps.data[axis] == ONE
        if not untouched or dims_of(op.result)[axis] != dims_of(op.x)[axis]:
            return False
        parts = [self._part(op, x, axis, rewriter) for x in concat.xs]
        rewriter.replace(op, graph.ConcatOp(parts, axis))
        return True

    @staticmethod
    def _part(op: graph.SliceOp, x: SSAValue, axis: int, rewriter: Rewriter) -> graph.SliceOp:
        sizes = [dims_of(x)[i] if i == axis else d for i, d in enumerate(dims_of(op.result))]
        return rewriter.insert(graph.SliceOp(x, op.starts.data, tensor(element_of(x), sizes), op.steps.data))


class TransposeOfBroadcast(Pattern[graph.TransposeOp]):
    """transpose(broadcast(x)) -> broadcast(transpose(x))"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.BroadcastOp)
        if inner is None:
            return False
        padding = rank_of(op.x) - rank_of(inner.x)
        padded = tensor(element_of(op.x), [*[ONE] * padding, *dims_of(inner.x)])
        source = rewriter.insert(graph.ReshapeOp(inner.x, padded)) if padding else inner.x
        turned = rewriter.insert(graph.TransposeOp(source, ints(op.perm)))
        rewriter.replace(op, graph.BroadcastOp(turned, tensor_type(op.result)))
        return True


class ReshapeOfUniform(Pattern[graph.ReshapeOp]):
    """reshape(broadcast(x)) -> broadcast(x); guard: x has one element"""

    def rewrite(self, op: graph.ReshapeOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.BroadcastOp)
        if inner is None or any(d != ONE for d in dims_of(inner.x)):
            return False
        scalar = inner.x if not dims_of(inner.x) else rewriter.insert(graph.ReshapeOp(inner.x, tensor(element_of(op.x), ())))
        rewriter.replace(op, graph.BroadcastOp(scalar, tensor_type(op.result)))
        return True


class SliceOfBroadcast(Pattern[graph.SliceOp]):
    """slice(broadcast(x)) -> broadcast(slice(x))"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.BroadcastOp)
        if inner is None:
            return False
        dims = dims_of(inner.x)
        padding = rank_of(op.x) - len(dims)
        columns = list(zip(op.starts.data, op.steps.data, dims_of(op.result), strict=True))[padding:]
        kept = [(ZERO, ONE, ONE) if d == ONE else column for d, column in zip(dims, columns, strict=True)]
        sizes = [size for _, _, size in kept]
        part = graph.SliceOp(inner.x, [s for s, _, _ in kept], tensor(element_of(op.x), sizes), [s for _, s, _ in kept])
        rewriter.replace(op, graph.BroadcastOp(rewriter.insert(part), tensor_type(op.result)))
        return True


class BroadcastBelowElementwise(Pattern[graph.ElementwiseOp]):
    """exp(broadcast(x)) -> broadcast(exp(x)), add(broadcast(x), c) -> broadcast(add(x, c)); guard: fewer elements"""

    def rewrite(self, op: graph.ElementwiseOp, rewriter: Rewriter) -> bool:
        wide = [producer(o, graph.BroadcastOp) for o in op.operands]
        if not any(wide):
            return False
        operands = [o if w is None else w.x for o, w in zip(op.operands, wide, strict=True)]
        dims = broadcast_dims(*(dims_of(o) for o in operands))
        if dims == dims_of(op.results[0]):
            return False
        result = tensor(element_of(op.results[0]), dims)
        small = type(op).create(operands=operands, result_types=[result], properties=dict(op.properties))
        rewriter.replace(op, graph.BroadcastOp(rewriter.insert(small), tensor_type(op.results[0])))
        return True


class TransposeOfMerge(Pattern[graph.TransposeOp]):
    """transpose(reshape(x)) -> reshape(transpose(x)), so that it joins the transpose above; guard: the reshape splits no dim"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        reshape = producer(op.x, graph.ReshapeOp)
        groups = None if reshape is None else merged_axes(reshape)
        if reshape is None or groups is None:
            return False
        moved = [axis for index in ints(op.perm) for axis in groups[index]]
        units = [axis for axis in range(rank_of(reshape.x)) if axis not in moved]
        turned = rewriter.insert(graph.TransposeOp(reshape.x, [*units, *moved]))
        rewriter.replace(op, graph.ReshapeOp(turned, tensor_type(op.result)))
        return True


def merged_axes(reshape: graph.ReshapeOp) -> list[list[int]] | None:
    """The axes of x that make up each axis of the result, those of 1 left out; None if the reshape splits an axis."""
    plain = is_row_major(reshape.x) and is_row_major(reshape.result)
    groups = reshape_groups(dims_of(reshape.x), dims_of(reshape.result)) if plain else None
    return None if groups is None or any(len(new) != 1 for _, new in groups) else [old for old, _ in groups]


MOVING: tuple[AnyPattern, ...] = (
    SliceOfConcatAcross(),
    TransposeOfBroadcast(),
    TransposeOfMerge(),
    ReshapeOfUniform(),
    SliceOfBroadcast(),
    BroadcastBelowElementwise(),
)
