"""sink-movement: reshapes and transposes move behind elementwise ops (REWRITES M2).

On the way they meet an inverse, a contraction that reads through them, or each other; and the elementwise op comes to stand
beside its producer, in whose kernel it costs nothing. A reshape moves no element, so that it may be made twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects.graph.base import integer, ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.movement import ReshapeOp, TransposeOp
from ..dialects.graph.normalization import LayerNormOp, RmsNormOp
from ..dialects.graph.reduction import LogSoftmaxOp, SoftmaxOp
from ..dialects.graph.types import Dims, dims_of, element_of, is_static, rank_of, tensor
from .driver import Pattern, PatternPass, Rewriter, producer
from .weight_math import is_known

ONE = DimExpr.of(1)
TrailingOp = LayerNormOp | RmsNormOp | SoftmaxOp | LogSoftmaxOp


def common_suffix(a: Dims, b: Dims) -> int:
    """How many trailing dims two shapes share."""
    pairs = zip(reversed(a), reversed(b), strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def without_leading_ones(dims: Dims) -> Dims:
    first = next((i for i, d in enumerate(dims) if d != ONE), len(dims))
    return dims[first:]


def rebuilt(op: Operation, operands: Sequence[SSAValue], result: Attribute) -> Operation:
    """The same op on other operands."""
    return type(op).create(operands=operands, result_types=[result], properties=op.properties.copy())


class SinkReshape(Pattern[ElementwiseOp]):
    """f(reshape(x), y) -> reshape(f(x, y))

    Where every other operand is a reshape between the same dims, or broadcasts along trailing dims that the reshape keeps, or has
    the dims of x where the reshape only adds leading dims of 1.
    """

    def rewrite(self, op: ElementwiseOp, rewriter: Rewriter) -> bool:
        for reshape in (producer(o, ReshapeOp) for o in op.operands):
            if reshape is None or dims_of(reshape.result) != dims_of(op.results[0]):
                continue
            sources = [_before(o, reshape, rewriter) for o in op.operands]
            operands = [s for s in sources if s is not None]
            if len(operands) == len(sources):
                result = tensor(element_of(op.results[0]), dims_of(reshape.x))
                inner = rewriter.insert(rebuilt(op, [_materialize(o, v, rewriter) for o, v in operands], result))
                rewriter.replace(op, ReshapeOp(inner.results[0], op.results[0].type))
                return True
        return False


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
    if dims_of(value) == dims:
        return value
    return rewriter.insert(ReshapeOp(value, tensor(element_of(value), dims))).result


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
    patterns = (SinkReshape(), SinkReshapeThroughTrailing(), SinkTranspose())
