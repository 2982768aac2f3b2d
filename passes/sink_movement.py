"""sink-movement: reshapes, transposes and broadcasts move behind elementwise ops, trailing norms and products (REWRITES M2).

On the way they meet an inverse, a contraction that reads through them, or each other; and the elementwise op comes to stand
beside its producer, in whose kernel it costs nothing. A reshape moves no element, so that it may be made twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import Operation, SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.linalg import MatmulOp
from ..dialects.graph.movement import BroadcastOp, ReshapeOp, TransposeOp
from ..dialects.graph.reduction import ArgReduceOp, ReduceOp
from ..dialects.graph.types import Dims, broadcast_dims, dims_of, element_of, is_static, rank_of, tensor
from ..lowering.strided import is_row_major
from .canonicalize_graph.movement import DropReshape, MergeReshapes
from .driver import Pattern, PatternPass, Rewriter, producer
from .hoist_slices import kept_axes
from .rebuilding import TrailingOp, rebuilt
from .weight_math import is_known

ONE = DimExpr.of(1)


def common_suffix(a: Dims, b: Dims) -> int:
    """How many trailing dims two shapes share."""
    pairs = zip(reversed(a), reversed(b), strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def without_leading_ones(dims: Dims) -> Dims:
    first = next((i for i, d in enumerate(dims) if d != ONE), len(dims))
    return dims[first:]


class SinkReshape(Pattern[ElementwiseOp]):
    """f(reshape(x), y) -> reshape(f(x, y))

    Where every other operand is a reshape between the same dims, or broadcasts along trailing dims that the reshape keeps, or has
    the dims of x where the reshape only adds leading dims of 1. Between two such ranks f keeps the lower one.
    """

    def rewrite(self, op: ElementwiseOp, rewriter: Rewriter) -> bool:
        for reshape in (producer(o, ReshapeOp) for o in op.operands):
            if reshape is None or dims_of(reshape.result) != dims_of(op.results[0]) or _meets_lower_rank(reshape, op):
                continue
            sources = [_before(o, reshape, rewriter) for o in op.operands]
            operands = [s for s in sources if s is not None]
            if len(operands) == len(sources):
                result = tensor(element_of(op.results[0]), dims_of(reshape.x))
                inner = rewriter.insert(rebuilt(op, [_materialize(o, v, rewriter) for o, v in operands], result))
                rewriter.replace(op, ReshapeOp(inner.results[0], op.results[0].type))
                return True
        return False


def _meets_lower_rank(reshape: ReshapeOp, op: ElementwiseOp) -> bool:
    """Whether the reshape drops leading dims of 1, and another whole operand is of the lower rank by itself."""
    before, after = dims_of(reshape.x), dims_of(reshape.result)
    if len(before) <= len(after) or without_leading_ones(before) != without_leading_ones(after):
        return False
    sources = [(o, producer(o, ReshapeOp)) for o in op.operands if dims_of(o) == after]
    return any(own is None or dims_of(own.x) != before for _, own in sources)


def _before(operand: SSAValue, reshape: ReshapeOp, rewriter: Rewriter) -> tuple[SSAValue, Dims] | None:
    """The value and the dims to give it that do in front of the reshape what the operand does behind it."""
    before, after = dims_of(reshape.x), dims_of(reshape.result)
    own = producer(operand, ReshapeOp)
    if own is not None and dims_of(own.x) == before and dims_of(operand) == after:
        return own.x, before
    dims = dims_of(operand)
    kept = without_leading_ones(dims)
    if len(kept) <= common_suffix(before, after):
        return operand, dims if len(dims) <= len(before) else kept
    unit = dims == before and without_leading_ones(before) == without_leading_ones(after) and len(before) < len(after)
    return (operand, dims) if unit else None


def _materialize(value: SSAValue, dims: Dims, rewriter: Rewriter) -> SSAValue:
    """The value under other dims, through one reshape at most."""
    while dims_of(value) != dims and isinstance(value.owner, ReshapeOp):
        value = value.owner.x
    if dims_of(value) == dims:
        return value
    return rewriter.insert(ReshapeOp(value, tensor(element_of(value), dims))).result


class DropLeadingOnes(Pattern[ElementwiseOp]):
    """f(x: [4, 8], y: [1, 4, 8]) -> reshape(f(x, reshape(y))): the dims of an operand that has all but the leading ones

    So x may be the product that a kernel has just made, and the result has its shape.
    """

    def rewrite(self, op: ElementwiseOp, rewriter: Rewriter) -> bool:
        after = dims_of(op.results[0])
        ranks = [rank_of(o) for o in op.operands if without_leading_ones(dims_of(o)) == without_leading_ones(after)]
        if not ranks or min(ranks) == len(after) or after[: len(after) - min(ranks)] != (ONE,) * (len(after) - min(ranks)):
            return False
        before = after[len(after) - min(ranks) :]
        operands = [_materialize(o, dims_of(o)[max(rank_of(o) - len(before), 0) :], rewriter) for o in op.operands]
        inner = rewriter.insert(rebuilt(op, operands, tensor(element_of(op.results[0]), before)))
        rewriter.replace(op, ReshapeOp(inner.results[0], op.results[0].type))
        return True


class SinkReshapeThroughMatmul(Pattern[MatmulOp]):
    """matmul(reshape(a), reshape(b)) -> reshape(matmul(a, b)), where both reshape the same batch dims to the same

    matmul(reshape(a), w) -> reshape(matmul(a, w)), where w is a matrix and a keeps its last dim and is not transposed.
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        lhs, rhs = producer(op.lhs, ReshapeOp), producer(op.rhs, ReshapeOp)
        if lhs is not None and rhs is not None and _same_batches(lhs, rhs):
            operands = (lhs.x, rhs.x)
        elif lhs is not None and rank_of(op.rhs) == 2 and not flag(op.transpose_lhs) and _keeps_rows(lhs):
            operands = (lhs.x, op.rhs)
        else:
            return False
        product = MatmulOp(*operands, flag(op.transpose_lhs), flag(op.transpose_rhs))
        rewriter.replace(op, ReshapeOp(rewriter.insert(product), op.result.type))
        return True


def _same_batches(lhs: ReshapeOp, rhs: ReshapeOp) -> bool:
    """Whether two reshapes keep the last two dims and change the same batch dims to the same."""
    if min(rank_of(lhs.x), rank_of(rhs.x)) < 2 or dims_of(lhs.x)[:-2] != dims_of(rhs.x)[:-2]:
        return False
    same = dims_of(lhs.result)[:-2] == dims_of(rhs.result)[:-2]
    return same and all(dims_of(r.x)[-2:] == dims_of(r.result)[-2:] for r in (lhs, rhs))


def _keeps_rows(reshape: ReshapeOp) -> bool:
    before, after = dims_of(reshape.x), dims_of(reshape.result)
    return len(before) >= 2 and before[-1] == after[-1]


class SinkReshapeThroughTrailing(Pattern[TrailingOp]):
    """f(reshape(x)) -> reshape(f(x)), where f is a norm or softmax along trailing dims that the reshape keeps"""

    def rewrite(self, op: TrailingOp, rewriter: Rewriter) -> bool:
        reshape = producer(op.x, ReshapeOp)
        if reshape is None:
            return False
        before, after = dims_of(reshape.x), dims_of(op.x)
        trailing = len(after) - integer(op.axis)
        if trailing > common_suffix(before, after):
            return False
        inner = rebuilt(op, [reshape.x, *op.operands[1:]], tensor(element_of(op.result), before))
        inner.properties["axis"] = IntegerAttr(len(before) - trailing, i64)
        rewriter.replace(op, ReshapeOp(rewriter.insert(inner).results[0], op.result.type))
        return True


class SinkReshapeThroughReduce(Pattern[ReduceOp | ArgReduceOp]):
    """reduce(reshape(x)) -> reshape(reduce(x)), where the reshape keeps the reduced dims"""

    def rewrite(self, op: ReduceOp | ArgReduceOp, rewriter: Rewriter) -> bool:
        reshape = producer(op.x, ReshapeOp)
        if reshape is None or not is_row_major(op.x):
            return False
        kept = kept_axes(reshape)
        axes = ints(op.axes) if isinstance(op, ReduceOp) else (integer(op.axis),)
        if not all(axis in kept for axis in axes):
            return False
        mapped = sorted(kept[axis] for axis in axes)
        if isinstance(op, ReduceOp):
            inner = ReduceOp(reshape.x, op.kind.data, mapped, flag(op.keepdims))
        else:
            inner = ArgReduceOp(reshape.x, op.kind.data, mapped[0], flag(op.keepdims), flag(op.select_last_index))
        rewriter.replace(op, ReshapeOp(rewriter.insert(inner), op.result.type))
        return True


class SinkTranspose(Pattern[ElementwiseOp]):
    """f(transpose(x), y) -> transpose(f(x, y))

    Where every other operand is transposed alike, has one element, or is a constant (which is transposed back); nothing else uses
    the transposed operands.
    """

    def rewrite(self, op: ElementwiseOp, rewriter: Rewriter) -> bool:
        transposes = [t for o in op.operands if (t := producer(o, TransposeOp)) is not None]
        if not transposes or dims_of(transposes[0].result) != dims_of(op.results[0]):
            return False
        perm = ints(transposes[0].perm)
        if not all(_may_sink(o, perm, op, rewriter) for o in op.operands):
            return False
        operands = [_transposed_back(o, perm, rewriter) for o in op.operands]
        before = dims_of(transposes[0].x)
        inner = rewriter.insert(rebuilt(op, operands, tensor(element_of(op.results[0]), before)))
        rewriter.replace(op, TransposeOp(inner.results[0], perm, op.results[0].type))
        return True


class SinkBroadcast(Pattern[ElementwiseOp]):
    """f(broadcast(x), s) -> broadcast(f(x, s)), where s has one element: fewer elements are computed"""

    def rewrite(self, op: ElementwiseOp, rewriter: Rewriter) -> bool:
        for index, operand in enumerate(op.operands):
            broadcast = producer(operand, BroadcastOp)
            others = [o for i, o in enumerate(op.operands) if i != index]
            if (
                broadcast is None
                or dims_of(operand) != dims_of(op.results[0])
                or any(d != ONE for o in others for d in dims_of(o))
            ):
                continue
            dims = broadcast_dims(dims_of(broadcast.x), *(dims_of(o) for o in others))
            operands = [broadcast.x if i == index else o for i, o in enumerate(op.operands)]
            inner = rewriter.insert(rebuilt(op, operands, tensor(element_of(op.results[0]), dims)))
            rewriter.replace(op, BroadcastOp(inner.results[0], op.results[0].type))
            return True
        return False


def _may_sink(operand: SSAValue, perm: Sequence[int], user: Operation, rewriter: Rewriter) -> bool:
    transpose = producer(operand, TransposeOp)
    if transpose is not None and ints(transpose.perm) == tuple(perm):
        return all(use.operation is user for use in operand.uses)
    constant = is_known(operand, rewriter.session.weights) and is_static(operand)
    return constant or all(d == ONE for d in dims_of(operand))


def _transposed_back(operand: SSAValue, perm: Sequence[int], rewriter: Rewriter) -> SSAValue:
    transpose = producer(operand, TransposeOp)
    if transpose is not None and ints(transpose.perm) == tuple(perm):
        return transpose.x
    if all(d == ONE for d in dims_of(operand)):
        return operand
    padded = (ONE,) * (len(perm) - rank_of(operand)) + dims_of(operand)
    inverse = [list(perm).index(axis) for axis in range(len(perm))]
    return rewriter.insert(TransposeOp(_materialize(operand, padded, rewriter), inverse)).result


@dataclass(frozen=True)
class SinkMovementPass(PatternPass):
    """Elementwise ops and trailing norms before reshapes and transposes."""

    name = "sink-movement"
    patterns = (
        DropReshape(),
        MergeReshapes(),
        SinkReshape(),
        DropLeadingOnes(),
        SinkReshapeThroughTrailing(),
        SinkReshapeThroughMatmul(),
        SinkReshapeThroughReduce(),
        SinkTranspose(),
        SinkBroadcast(),
    )
