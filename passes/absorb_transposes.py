"""absorb-transposes: transposes next to a matmul become its flags (REWRITES U5).

Of the other permutations of attention heads nothing is left to do here: a contraction reads and writes them as strided views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, ints
from ..dialects.graph.linalg import MatmulOp
from ..dialects.graph.movement import ReshapeOp, TransposeOp
from ..dialects.graph.types import dims_of, element_of, rank_of, tensor
from ..lowering.strided import reshape_groups
from .constants import constant_of
from .driver import Pattern, PatternPass, Rewriter, producer, users
from .fuse_scale_shift import sole_producer


def swapped(perm: Sequence[int]) -> list[int]:
    """The permutation with its last two entries exchanged."""
    return [*perm[:-2], perm[-1], perm[-2]]


class TransposeIntoOperand(Pattern[MatmulOp]):
    """matmul(transpose(a), b) -> matmul(a, b) {transpose_lhs}, the same for b

    Where the transpose puts the innermost dim of its operand second to last; what else it permutes stays a transpose. Between it
    and the matmul batch dims may be reshaped.
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        lhs, rhs = _through_transpose(op.lhs, rewriter), _through_transpose(op.rhs, rewriter)
        if lhs is None and rhs is None:
            return False
        flags = (flag(op.transpose_lhs) != (lhs is not None), flag(op.transpose_rhs) != (rhs is not None))
        rewriter.replace(op, MatmulOp(lhs or op.lhs, rhs or op.rhs, *flags, result_type=op.result.type))
        return True


def _through_transpose(value: SSAValue, rewriter: Rewriter) -> SSAValue | None:
    inner = value
    while isinstance(inner.owner, ReshapeOp):
        inner = inner.owner.x
    transpose = producer(inner, TransposeOp)
    if transpose is None or rank_of(inner) < 2 or dims_of(inner)[-2:] != dims_of(value)[-2:]:
        return None
    if ints(transpose.perm)[-2] != rank_of(inner) - 1:
        return None
    perm = swapped(ints(transpose.perm))
    plain = transpose.x if perm == sorted(perm) else rewriter.insert(TransposeOp(transpose.x, perm)).result
    if inner is value:
        return plain
    batch, (rows, columns) = dims_of(value)[:-2], dims_of(value)[-2:]
    return rewriter.insert(ReshapeOp(plain, tensor(element_of(value), (*batch, columns, rows)))).result


class TransposeIntoResult(Pattern[TransposeOp]):
    """transpose(matmul(a, b)) -> matmul(b, a) with both flags inverted, where the transpose swaps the last two dims

    Neither operand is a constant (weights stay on the right), and nothing else uses the product.
    """

    def rewrite(self, op: TransposeOp, rewriter: Rewriter) -> bool:
        perm, rank = ints(op.perm), rank_of(op.x)
        matmul = sole_producer(op.x, MatmulOp)
        if not isinstance(matmul, MatmulOp) or perm != (*range(rank - 2), rank - 1, rank - 2):
            return False
        if constant_of(matmul.lhs) is not None or constant_of(matmul.rhs) is not None:
            return False
        flags = (not flag(matmul.transpose_rhs), not flag(matmul.transpose_lhs))
        rewriter.replace(op, MatmulOp(matmul.rhs, matmul.lhs, *flags, result_type=op.result.type))
        return True


class MergeAfterTranspose(Pattern[TransposeOp]):
    """transpose(reshape(x)) -> reshape(transpose(x)), where the reshape merges dims and only a reshape uses the result

    The two reshapes meet: exporters transpose keys in three dims, [B, H, T, D] -> [B * H, T, D] -> [B * H, D, T] -> [B, H, D, T].
    """

    def rewrite(self, op: TransposeOp, rewriter: Rewriter) -> bool:
        reshape = producer(op.x, ReshapeOp)
        if reshape is None or not op.result.has_one_use() or not isinstance(users(op.result)[0], ReshapeOp):
            return False
        runs = merged_runs(reshape)
        if runs is None:
            return False
        perm = [axis for p in ints(op.perm) for axis in runs[p]]
        rewriter.replace(op, ReshapeOp(rewriter.insert(TransposeOp(reshape.x, perm)), op.result.type))
        return True


def merged_runs(reshape: ReshapeOp) -> list[list[int]] | None:
    """For each dim of the result the dims of the operand it merges, all of them; None where a dim is split or one is added."""
    groups = reshape_groups(dims_of(reshape.x), dims_of(reshape.result))
    if groups is None or any(len(old) == 0 or len(new) != 1 for old, new in groups):
        return None
    runs = [list(old) for old, _ in groups]
    bounds = [0, *(run[0] for run in runs[1:]), rank_of(reshape.x)]
    return [list(range(start, stop)) for start, stop in pairwise(bounds)]


@dataclass(frozen=True)
class AbsorbTransposesPass(PatternPass):
    """Transposes beside a matmul -> its flags."""

    name = "absorb-transposes"
    patterns = (TransposeIntoOperand(), TransposeIntoResult(), MergeAfterTranspose())
