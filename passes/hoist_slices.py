"""hoist-slices: slices move before what they take a part of (REWRITES M1), so that less is moved and less is computed.

Queries, keys and values are often cut from one transposed product: cut first, each is a strided view of it. A classifier that
looks at one token of many leaves most of the last layer to nobody: rows are cut from every product up to the keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.linalg import ConvOp, ConvTransposeOp, MatmulOp
from ..dialects.graph.movement import ReshapeOp, SliceOp, TransposeOp
from ..dialects.graph.pool import PoolOp
from ..dialects.graph.types import dims_of, element_of, tensor
from ..lowering.strided import reshape_groups
from .driver import Pattern, PatternPass, Rewriter, producer, users
from .rebuilding import TrailingOp, rebuilt

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


def only_cut(value: SSAValue) -> bool:
    """Whether only slices use the value, directly or through reshapes and transposes."""
    return all(
        isinstance(user, SliceOp) or (isinstance(user, ReshapeOp | TransposeOp) and only_cut(user.result))
        for user in users(value)
    )


class SliceBeforeTranspose(Pattern[SliceOp]):
    """slice(transpose(x)) -> transpose(slice(x)), where only slices use the transposed tensor"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        transpose = producer(op.x, TransposeOp)
        if transpose is None or not only_cut(op.x):
            return False
        perm = ints(transpose.perm)
        inverse = [perm.index(axis) for axis in range(len(perm))]
        starts, steps, sizes = ([v[i] for i in inverse] for v in (op.starts.data, op.steps.data, dims_of(op.result)))
        cut = rewriter.insert(SliceOp(transpose.x, starts, tensor(element_of(op.x), sizes), steps))
        rewriter.replace(op, TransposeOp(cut, perm, op.result.type))
        return True


class SliceBeforeReshape(Pattern[SliceOp]):
    """slice(reshape(x)) -> reshape(slice(x)), where the reshape keeps the dims that are cut, and only slices use its result"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        reshape = producer(op.x, ReshapeOp)
        if reshape is None or not only_cut(op.x):
            return False
        axes = kept_axes(reshape)
        before, after, sizes = dims_of(reshape.x), dims_of(op.x), dims_of(op.result)
        starts, steps, cut_sizes = [ZERO] * len(before), [ONE] * len(before), list(before)
        for axis, (start, step, size) in enumerate(zip(op.starts.data, op.steps.data, sizes, strict=True)):
            if (start, step, size) == (ZERO, ONE, after[axis]):
                continue
            if axis not in axes:
                return False
            starts[axes[axis]], steps[axes[axis]], cut_sizes[axes[axis]] = start, step, size
        cut = rewriter.insert(SliceOp(reshape.x, starts, tensor(element_of(op.x), cut_sizes), steps))
        rewriter.replace(op, ReshapeOp(cut, op.result.type))
        return True


def kept_axes(reshape: ReshapeOp) -> dict[int, int]:
    """The axes of the result that are an axis of the operand unchanged -> that axis."""
    groups = reshape_groups(dims_of(reshape.x), dims_of(reshape.result)) or []
    return {new[0]: old[0] for old, new in groups if len(old) == len(new) == 1}


class MergeEqualSlices(Pattern[SliceOp]):
    """slice(x), slice(x) -> slice(x) for both: a residual and its branch are cut alike, and x has one user again"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        equal = [user for user in users(op.x) if isinstance(user, SliceOp) and user.parent is op.parent]
        for other in equal:
            if other.properties == op.properties and other.result.type == op.result.type and other.is_before_in_block(op):
                rewriter.modify(other)  # it may move up now, past what has no other user any more
                rewriter.replace(op, other.result)
                return True
        return False


class SliceBeforeElementwise(Pattern[SliceOp]):
    """slice(f(x, y)) -> f(slice(x), slice(y)); nothing else uses f's result, and f isn't part of a kernel that can't be cut"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        inner = op.x.owner
        if not isinstance(inner, ElementwiseOp) or not _is_less(op) or not op.x.has_one_use() or _parts_window(op.x):
            return False
        operands = [_cut(o, op, rewriter) for o in inner.operands]
        rewriter.replace(op, rebuilt(inner, operands, op.result.type))
        return True


class SliceBeforeTrailing(Pattern[SliceOp]):
    """slice(f(x)) -> f(slice(x)), where f is a norm or softmax along trailing dims that stay whole, and nothing else uses it"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        inner = op.x.owner
        if not isinstance(inner, TrailingOp) or not _is_less(op) or not op.x.has_one_use():
            return False
        axis = integer(inner.axis)
        if dims_of(op.result)[axis:] != dims_of(op.x)[axis:] or any(step != ONE for step in op.steps.data[axis:]):
            return False
        operands = [_cut(inner.x, op, rewriter), *inner.operands[1:]]
        rewriter.replace(op, rebuilt(inner, operands, op.result.type))
        return True


class SliceBeforeMatmul(Pattern[SliceOp]):
    """slice(matmul(a, b)) -> matmul(slice(a), b), or of both in batch dims; the columns are whole, and nothing else uses it"""

    def rewrite(self, op: SliceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, MatmulOp)
        if inner is None or not _is_less(op) or not op.x.has_one_use() or any(step != ONE for step in op.steps.data):
            return False
        if dims_of(op.result)[-1] != dims_of(op.x)[-1]:
            return False
        cuts = list(zip(op.starts.data, dims_of(op.result), strict=True))
        rows, batch, whole = cuts[-2], cuts[:-2], (ZERO, None)
        matrix = [whole, rows] if flag(inner.transpose_lhs) else [rows, whole]
        lhs = _cut_to(inner.lhs, [*batch, *matrix], rewriter)
        rhs = _cut_to(inner.rhs, [*batch, whole, whole], rewriter)
        rewriter.replace(op, MatmulOp(lhs, rhs, flag(inner.transpose_lhs), flag(inner.transpose_rhs), op.result.type))
        return True


def _is_less(op: SliceOp) -> bool:
    """Whether some dim is cut, so that moving the slice up saves work."""
    return dims_of(op.result) != dims_of(op.x)


def _parts_window(value: SSAValue) -> bool:
    """Whether cutting what computes this value for one user would part it from a window op, in whose kernel it is computed."""
    owner = value.owner
    if not value.has_one_use():
        return False
    return isinstance(owner, ConvOp | ConvTransposeOp | PoolOp) or (
        isinstance(owner, ElementwiseOp) and any(map(_parts_window, owner.operands))
    )


def _cut(operand: SSAValue, op: SliceOp, rewriter: Rewriter) -> SSAValue:
    """The part of an operand, which broadcasts to what is cut, that the slice needs."""
    cuts = list(zip(op.starts.data, dims_of(op.result), op.steps.data, strict=True))
    dims = dims_of(operand)
    own = [(ZERO, ONE, ONE) if d == ONE else cut for d, cut in zip(dims, cuts[len(cuts) - len(dims) :], strict=True)]
    starts, sizes, steps = ([c[i] for c in own] for i in range(3))
    if tuple(sizes) == dims and all(step == ONE for step in steps):
        return operand
    return rewriter.insert(SliceOp(operand, starts, tensor(element_of(operand), sizes), steps)).result


def _cut_to(operand: SSAValue, cuts: Sequence[tuple[DimExpr, DimExpr | None]], rewriter: Rewriter) -> SSAValue:
    """A matmul operand cut to (start, size) along its trailing dims, None being all; dims of 1 broadcast and stay."""
    dims = dims_of(operand)
    own = cuts[len(cuts) - len(dims) :]
    whole = [size is None or (d == ONE and at < len(dims) - 2) for at, (d, (_, size)) in enumerate(zip(dims, own, strict=True))]
    starts = [ZERO if w else start for w, (start, _) in zip(whole, own, strict=True)]
    sizes = [d if w or size is None else size for d, w, (_, size) in zip(dims, whole, own, strict=True)]
    if tuple(sizes) == dims:
        return operand
    return rewriter.insert(SliceOp(operand, starts, tensor(element_of(operand), sizes), [ONE] * len(dims))).result


@dataclass(frozen=True)
class HoistSlicesPass(PatternPass):
    """Slices before what they take a part of."""

    name = "hoist-slices"
    patterns = (
        MergeEqualSlices(),
        SliceBeforeTranspose(),
        SliceBeforeReshape(),
        SliceBeforeElementwise(),
        SliceBeforeTrailing(),
        SliceBeforeMatmul(),
    )
