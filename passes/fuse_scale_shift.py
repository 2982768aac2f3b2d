"""fuse-scale-shift: multiplications by and additions of constants go into the weights and the bias of a contraction.

REWRITES U1 (after `decompose-batch-norm`), U2, the constant part of U4, and U6 (scales and shifts merge).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Operation, SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.elementwise import AddOp, MulOp
from ..dialects.graph.linalg import ConvOp, ConvTransposeOp, MatmulOp
from ..dialects.graph.types import broadcast_dims, dims_of, element_of, is_static, numel, rank_of, static_shape
from ..runtime.weights import WeightStore
from .driver import Pattern, PatternPass, Rewriter
from .weight_math import fold, is_known

Array = NDArray[Any]
Convolution = ConvOp | ConvTransposeOp


def split_constant(op: AddOp | MulOp, store: WeightStore) -> tuple[SSAValue, SSAValue] | None:
    """(the other operand, the known static constant) of a commutative op with one constant operand."""
    for value, constant in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        if is_known(constant, store) and is_static(constant) and not is_known(value, store):
            return value, constant
    return None


def varies_only_along(value: SSAValue, axis: int, rank: int) -> bool:
    """Whether a static tensor that broadcasts to `rank` dims has size 1 in every dim but `axis`."""
    shape = static_shape(value)
    offset = rank - len(shape)
    return offset >= 0 and all(size == 1 or i + offset == axis for i, size in enumerate(shape))


def sole_producer(value: SSAValue, *kinds: type[Operation]) -> Operation | None:
    """The op of one of these classes that defines `value` for one user only."""
    owner = value.owner
    return owner if isinstance(owner, kinds) and value.has_one_use() else None


def with_weights(op: Convolution, weight: SSAValue | Operation, bias: SSAValue | Operation | None) -> Convolution:
    """The same convolution with other weights and bias."""
    common = (op.x, weight, bias, ints(op.strides), ints(op.pads), ints(op.dilations), integer(op.group))
    if isinstance(op, ConvTransposeOp):
        return ConvTransposeOp(*common, ints(op.output_padding), result_type=op.result.type)
    return ConvOp(*common, result_type=op.result.type)


def scale_outputs(weight: Array, scale: Array, group: int, transposed: bool) -> Array:
    """Convolution weights with the output channels multiplied; transposed weights are [C, O / group, K...]."""
    if not transposed:
        return weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
    split = weight.reshape(group, weight.shape[0] // group, *weight.shape[1:])
    return (split * scale.reshape(group, 1, weight.shape[1], *[1] * (weight.ndim - 2))).reshape(weight.shape)


class ScaleIntoConv(Pattern[MulOp]):
    """mul(conv(x, w, b), c) -> conv(x, w * c, b * c)

    Where c is a constant per output channel, w and b are constants, and nothing else uses the convolution.
    """

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        conv, constant = _conv_and_channels(op, store)
        if conv is None or constant is None or not is_known(conv.weight, store):
            return False
        if conv.bias is not None and not is_known(conv.bias, store):
            return False
        outputs, group = dims_of(conv.result)[1].value, integer(conv.group)
        transposed = isinstance(conv, ConvTransposeOp)

        def scaled(weight: Array, c: Array) -> Array:
            return scale_outputs(weight, np.broadcast_to(c.reshape(-1), (outputs,)), group, transposed)

        shape, element = static_shape(conv.weight), element_of(conv.weight)
        weight = rewriter.insert(fold(scaled, (conv.weight, constant), shape, element, store))
        bias = None
        if conv.bias is not None:
            bias = rewriter.insert(fold(_scaled_vector, (conv.bias, constant), (outputs,), element, store))
        rewriter.replace(op, with_weights(conv, weight, bias))
        return True


def _scaled_vector(vector: Array, scale: Array) -> Array:
    return vector * scale.reshape(-1)


class ShiftIntoBias(Pattern[AddOp]):
    """add(conv(x, w, b), c) -> conv(x, w, b + c), where c is a constant per output channel and b is one or absent"""

    def rewrite(self, op: AddOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        conv, constant = _conv_and_channels(op, store)
        if conv is None or constant is None or (conv.bias is not None and not is_known(conv.bias, store)):
            return False
        outputs = (dims_of(conv.result)[1].value,)
        terms = (constant,) if conv.bias is None else (constant, conv.bias)

        def total(c: Array, *bias: Array) -> Array:
            return np.broadcast_to(sum((b for b in bias), start=c.reshape(-1)), outputs)

        bias = rewriter.insert(fold(total, terms, outputs, element_of(conv.result), store))
        rewriter.replace(op, with_weights(conv, conv.weight, bias))
        return True


def _conv_and_channels(op: AddOp | MulOp, store: WeightStore) -> tuple[Convolution | None, SSAValue | None]:
    """The convolution that only `op` uses, and the constant per output channel it is combined with."""
    operands = split_constant(op, store)
    if operands is None:
        return None, None
    conv = sole_producer(operands[0], ConvOp, ConvTransposeOp)
    if not isinstance(conv, Convolution) or not dims_of(conv.result)[1].is_static:
        return None, None
    rank = rank_of(conv.result)
    return (conv, operands[1]) if varies_only_along(operands[1], 1, rank) else (None, None)


class ScaleIntoMatmul(Pattern[MulOp]):
    """mul(matmul(x, w), c) -> matmul(x, w * c), where w and c are constants and c is one value or one per column

    The same for a constant left operand and a single value.
    """

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        operands = split_constant(op, store)
        matmul = sole_producer(operands[0], MatmulOp) if operands else None
        if operands is None or not isinstance(matmul, MatmulOp):
            return False
        constant = operands[1]
        single = all(size == 1 for size in static_shape(constant))
        if is_known(matmul.rhs, store) and varies_only_along(constant, rank_of(matmul.result) - 1, rank_of(matmul.result)):
            replacement = _scaled_rhs(matmul, constant, rewriter)
        elif is_known(matmul.lhs, store) and single:
            lhs = _scaled(matmul.lhs, constant, (1,), rewriter)
            replacement = _with_operands(matmul, lhs, matmul.rhs)
        else:
            return False
        rewriter.replace(op, replacement)
        return True


def _scaled_rhs(matmul: MatmulOp, constant: SSAValue, rewriter: Rewriter) -> MatmulOp:
    column = (-1, 1) if flag(matmul.transpose_rhs) else (1, -1)
    return _with_operands(matmul, matmul.lhs, _scaled(matmul.rhs, constant, column, rewriter))


def _scaled(weight: SSAValue, constant: SSAValue, shape: tuple[int, ...], rewriter: Rewriter) -> Operation:
    def scaled(w: Array, c: Array) -> Array:
        return w * c.reshape(shape)

    folded = fold(scaled, (weight, constant), static_shape(weight), element_of(weight), rewriter.session.weights)
    return rewriter.insert(folded)


def _with_operands(op: MatmulOp, lhs: SSAValue | Operation, rhs: SSAValue | Operation) -> MatmulOp:
    return MatmulOp(lhs, rhs, flag(op.transpose_lhs), flag(op.transpose_rhs), op.result.type)


class ScaleBeforeShift(Pattern[MulOp]):
    """mul(add(y, b), c) -> add(mul(y, c), b * c), where y is a contraction that takes the scale into its weights

    All of b, c and the weights are constants, and nothing else uses y or the sum.
    """

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        outer = split_constant(op, store)
        add = sole_producer(outer[0], AddOp) if outer else None
        inner = split_constant(add, store) if isinstance(add, AddOp) else None
        if outer is None or inner is None or not _takes_scale(inner[0], outer[1], store):
            return False
        merged = _merge(inner[1], outer[1], np.multiply, rewriter)
        scaled = rewriter.insert(MulOp(inner[0], outer[1]))
        rewriter.replace(op, AddOp(scaled, merged, op.result.type))
        return True


def _takes_scale(value: SSAValue, scale: SSAValue, store: WeightStore) -> bool:
    op = sole_producer(value, ConvOp, ConvTransposeOp, MatmulOp)
    if isinstance(op, MatmulOp):
        rank = rank_of(op.result)
        return is_known(op.rhs, store) and varies_only_along(scale, rank - 1, rank)
    if not isinstance(op, Convolution):
        return False
    known = is_known(op.weight, store) and (op.bias is None or is_known(op.bias, store))
    return known and dims_of(value)[1].is_static and varies_only_along(scale, 1, rank_of(value))


class MergeConstants(Pattern[AddOp | MulOp]):
    """add(add(x, a), b) -> add(x, a + b) and mul(mul(x, a), b) -> mul(x, a * b), for constants a, b

    Where the merged constant is no larger than the larger of the two, and nothing else uses the inner result.
    """

    def rewrite(self, op: AddOp | MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        outer = split_constant(op, store)
        inner_op = sole_producer(outer[0], type(op)) if outer else None
        inner = split_constant(inner_op, store) if isinstance(inner_op, AddOp | MulOp) else None
        if outer is None or inner is None:
            return False
        merged = broadcast_dims(dims_of(inner[1]), dims_of(outer[1]))
        if np.prod([d.value for d in merged], dtype=np.int64) > max(numel(inner[1]).value, numel(outer[1]).value):
            return False
        combine = np.add if isinstance(op, AddOp) else np.multiply
        rewriter.replace(op, type(op)(inner[0], _merge(inner[1], outer[1], combine, rewriter), op.result.type))
        return True


def _merge(lhs: SSAValue, rhs: SSAValue, combine: Any, rewriter: Rewriter) -> Operation:
    """The constant `combine(lhs, rhs)` with broadcasting."""
    shape: Sequence[int] = [d.value for d in broadcast_dims(dims_of(lhs), dims_of(rhs))]
    return rewriter.insert(fold(combine, (lhs, rhs), shape, element_of(lhs), rewriter.session.weights))


@dataclass(frozen=True)
class FuseScaleShiftPass(PatternPass):
    """Constant scales and shifts after a contraction -> its weights and bias."""

    name = "fuse-scale-shift"
    patterns = (ScaleIntoConv(), ShiftIntoBias(), ScaleIntoMatmul(), ScaleBeforeShift(), MergeConstants())
