"""M1, M2 where they are never worse: slices above data movement, broadcasts and transposes below elementwise ops."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer, ints
from ...dialects.graph.types import broadcast_dims, dims_of, element_of, rank_of, tensor, tensor_type
from ..constants import constant_of
from ..driver import AnyPattern, Pattern, Rewriter, producer, users
from ..reassociation import ONE, ZERO
from .sinking import rebuild


def only_sliced(value: SSAValue) -> bool:
    """Whether all users of a value take slices of it."""
    return all(isinstance(user, graph.SliceOp) for user in users(value))


class SliceOfTranspose(Pattern[graph.SliceOp]):
    """slice(transpose(x)) -> transpose(slice(x)); guard: nothing uses the whole transpose"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.TransposeOp)
        if inner is None or not only_sliced(op.x):
            return False
        back = {axis: index for index, axis in enumerate(ints(inner.perm))}
        order = [back[axis] for axis in range(len(back))]
        sizes = [dims_of(op.result)[i] for i in order]
        starts, steps = ([values.data[i] for i in order] for values in (op.starts, op.steps))
        part = graph.SliceOp(inner.x, starts, tensor(element_of(op.x), sizes), steps)
        rewriter.replace(op, graph.TransposeOp(rewriter.insert(part), ints(inner.perm)))
        return True


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
        small = rewriter.insert(rebuild(op, operands, dims))
        rewriter.replace(op, graph.BroadcastOp(small, tensor_type(op.results[0])))
        return True


class TransposeBelowElementwise(Pattern[graph.ElementwiseOp]):
    """add(transpose(x), transpose(y)) -> transpose(add(x, y)), mul(transpose(x), constant) -> transpose(mul(x, constant))

    guard: no more transposes than before (one of them has no other user), one permutation, other operands scalar or constant
    """

    def rewrite(self, op: graph.ElementwiseOp, rewriter: Rewriter) -> bool:
        turned = [producer(o, graph.TransposeOp) for o in op.operands]
        found = [t for t in turned if t is not None and dims_of(t.result) == dims_of(op.results[0])]
        if not any(self._ends_here(t.result, op) for t in found):
            return False
        perm = ints(found[0].perm)
        operands: list[SSAValue] = []
        for operand, transpose in zip(op.operands, turned, strict=True):
            if transpose is not None and ints(transpose.perm) == perm:
                operands.append(transpose.x)
            elif not dims_of(operand) or constant_of(operand) is not None:
                operands.append(operand)
            else:
                return False
        back = [perm.index(i) for i in range(len(perm))]
        operands = [self._turn_back(o, back, rewriter) for o in operands]
        below = rewriter.insert(rebuild(op, operands, dims_of(found[0].x)))
        rewriter.replace(op, graph.TransposeOp(below, perm))
        return True

    @staticmethod
    def _ends_here(value: SSAValue, op: graph.GraphOp) -> bool:
        return all(user is op for user in users(value))

    @staticmethod
    def _turn_back(value: SSAValue, back: list[int], rewriter: Rewriter) -> SSAValue:
        """A constant under the inverse permutation, its dims padded to that rank."""
        if constant_of(value) is None or not dims_of(value):
            return value
        padded = [*[ONE] * (len(back) - rank_of(value)), *dims_of(value)]
        wide = rewriter.insert(graph.ReshapeOp(value, tensor(element_of(value), padded)))
        return rewriter.insert(graph.TransposeOp(wide, back)).result


MOVING: tuple[AnyPattern, ...] = (
    SliceOfTranspose(),
    SliceOfConcatAcross(),
    TransposeOfBroadcast(),
    ReshapeOfUniform(),
    SliceOfBroadcast(),
    BroadcastBelowElementwise(),
    TransposeBelowElementwise(),
)
