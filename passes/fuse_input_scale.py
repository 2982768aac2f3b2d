"""fuse-input-scale: constant scales and shifts before a contraction go into its weights and bias (REWRITES U1, U2).

What a batch normalisation in front of a convolution leaves, or the normalisation of an image by mean and deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.elementwise import AddOp, MulOp, is_float
from ..dialects.graph.linalg import ConvOp, ConvTransposeOp, MatmulOp
from ..dialects.graph.types import dims_of, element_of, rank_of, static_shape
from ..runtime.weights import WeightStore
from .driver import Pattern, PatternPass, Rewriter
from .fuse_scale_shift import Convolution, sole_producer, split_constant, varies_only_along, with_weights
from .weight_math import Array, fold, is_known


def channel_operands(x: SSAValue, kind: type[AddOp | MulOp], store: WeightStore) -> tuple[SSAValue, SSAValue] | None:
    """(value, constant per channel) of a sum or product that only one op reads and that has the dims of the value."""
    op = sole_producer(x, kind)
    operands = split_constant(op, store) if isinstance(op, AddOp | MulOp) else None
    if operands is None or dims_of(operands[0]) != dims_of(x) or not is_float(element_of(x)):
        return None
    return operands if varies_only_along(operands[1], 1, rank_of(x)) and dims_of(x)[1].is_static else None


def by_group(channels: Array, weight: Array, group: int) -> Array:
    """One value per input channel, shaped to broadcast against conv weights split as [group, O / group, C / group, K...]."""
    spread = np.broadcast_to(channels.reshape(-1), (group * weight.shape[1],))
    return spread.reshape(group, 1, weight.shape[1], *[1] * (weight.ndim - 2))


class ScaleBeforeConv(Pattern[ConvOp | ConvTransposeOp]):
    """conv(mul(x, c), w, b) -> conv(x, w * c, b), where c is a constant per input channel, w is one, and nothing else reads c * x

    The zeros of the padding stay zeros.
    """

    def rewrite(self, op: Convolution, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        operands = channel_operands(op.x, MulOp, store)
        if operands is None or not is_known(op.weight, store):
            return False
        group, transposed = integer(op.group), isinstance(op, ConvTransposeOp)

        def scaled(weight: Array, c: Array) -> Array:
            if transposed:
                return weight * np.broadcast_to(c.reshape(-1), weight.shape[:1]).reshape(-1, *[1] * (weight.ndim - 1))
            split = weight.reshape(group, weight.shape[0] // group, *weight.shape[1:])
            return (split * by_group(c, weight, group)).reshape(weight.shape)

        folded = fold(scaled, (op.weight, operands[1]), static_shape(op.weight), element_of(op.weight), store)
        replacement = with_weights(op, rewriter.insert(folded), op.bias)
        replacement.operands[0] = operands[0]
        rewriter.replace(op, replacement)
        return True


class ShiftBeforeConv(Pattern[ConvOp]):
    """conv(add(x, t), w, b) -> conv(x, w, b + sum of w * t), where t is a constant per input channel and nothing is padded

    w and b are constants, and nothing else reads the sum.
    """

    def rewrite(self, op: ConvOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        operands = channel_operands(op.x, AddOp, store)
        known = is_known(op.weight, store) and (op.bias is None or is_known(op.bias, store))
        if operands is None or not known or any(ints(op.pads)):
            return False
        group = integer(op.group)

        def shifted(weight: Array, t: Array, *bias: Array) -> Array:
            split = weight.astype(np.float64).reshape(group, weight.shape[0] // group, *weight.shape[1:])
            terms = (split * by_group(t.astype(np.float64), weight, group)).reshape(weight.shape[0], -1)
            total = np.add.accumulate(terms, axis=1)[:, -1]  # one after the other: the same bits on every CPU
            return total + bias[0] if bias else total

        sources = (op.weight, operands[1], *([op.bias] if op.bias is not None else []))
        bias = fold(shifted, sources, static_shape(op.weight)[:1], element_of(op.result), store)
        replacement = with_weights(op, op.weight, rewriter.insert(bias))
        replacement.operands[0] = operands[0]
        rewriter.replace(op, replacement)
        return True


class ScaleBeforeMatmul(Pattern[MatmulOp]):
    """matmul(mul(x, c), w) -> matmul(x, w * c), where c is a constant for each row of the constant w

    Nothing else reads the product, and the left operand is not transposed.
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        mul = sole_producer(op.lhs, MulOp)
        operands = split_constant(mul, store) if isinstance(mul, MulOp) else None
        if operands is None or flag(op.transpose_lhs) or not is_known(op.rhs, store) or not is_float(element_of(op.lhs)):
            return False
        rank = rank_of(op.lhs)
        if dims_of(operands[0]) != dims_of(op.lhs) or not varies_only_along(operands[1], rank - 1, rank):
            return False
        row = (1, -1) if flag(op.transpose_rhs) else (-1, 1)

        def scaled(weight: Array, c: Array) -> Array:
            return weight * c.reshape(row)

        weight = rewriter.insert(fold(scaled, (op.rhs, operands[1]), static_shape(op.rhs), element_of(op.rhs), store))
        flags = (flag(op.transpose_lhs), flag(op.transpose_rhs))
        rewriter.replace(op, MatmulOp(operands[0], weight, *flags, result_type=op.result.type))
        return True


@dataclass(frozen=True)
class FuseInputScalePass(PatternPass):
    """Constant scales and shifts before a contraction -> its weights and bias."""

    name = "fuse-input-scale"
    patterns = (ScaleBeforeConv(), ShiftBeforeConv(), ScaleBeforeMatmul())
