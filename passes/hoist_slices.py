"""hoist-slices: slices move before transposes and reshapes (REWRITES M1), so that less is moved, or nothing.

Queries, keys and values are often cut from one transposed product: cut first, each is a strided view of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.base import ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.movement import ReshapeOp, SliceOp, TransposeOp
from ..dialects.graph.types import dims_of, element_of, tensor
from ..lowering.strided import reshape_groups
from .driver import Pattern, PatternPass, Rewriter, producer, users

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


@dataclass(frozen=True)
class HoistSlicesPass(PatternPass):
    """Slices before transposes and reshapes."""

    name = "hoist-slices"
    patterns = (SliceBeforeTranspose(), SliceBeforeReshape())
