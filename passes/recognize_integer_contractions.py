"""recognize-integer-contractions: a product of dequantized 8-bit tensors is an integer product, scaled.

Models in QDQ form convolve and multiply floats that were dequantized just before. The scales of both sides are factors of the
whole sum, so what is left inside is a product of integers, whose sums are exact. The pass runs first of all, while the integers
of the weights are still there: folding makes floats of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import flag, integer, ints, ui8
from ..dialects.graph.dims import DimExpr, DimLike
from ..dialects.graph.integer_products import ONE, Geometry, integer_conv, integer_matmul
from ..dialects.graph.linalg import BYTES
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of, tensor
from .constants import constant_of, scalar_constant, splat_of
from .driver import Pattern, PatternPass, Rewriter, producer


@dataclass(frozen=True)
class Dequantized:
    """(values - zero) * scale of 8-bit integers."""

    values: SSAValue
    scale: SSAValue
    zero: SSAValue | None


def dequantized(x: SSAValue) -> Dequantized | None:
    """What mul(sub(cast(q), cast(zero)), scale) in f32 dequantizes, with or without a zero point."""
    scaled = producer(x, graph.MulOp)
    if scaled is None or element_of(x) != f32:
        return None
    moved, zero = producer(scaled.lhs, graph.SubOp), None
    wide = producer(scaled.lhs if moved is None else moved.lhs, graph.CastOp)
    if moved is not None:
        widened = producer(moved.rhs, graph.CastOp)
        if widened is None or element_of(widened.x) not in BYTES:
            return None
        zero = widened.x
    if wide is None or element_of(wide.x) not in BYTES or dims_of(wide.x) != dims_of(x):
        return None
    return Dequantized(wide.x, scaled.rhs, zero)


@dataclass(frozen=True)
class _Emitter:
    """Places ops before the op that is rewritten."""

    rewriter: Rewriter

    def emit(self, op: Operation) -> SSAValue:
        return self.rewriter.insert(op).results[0]

    def reshape(self, x: SSAValue, dims: Sequence[DimLike]) -> SSAValue:
        wanted = tuple(DimExpr.of(d) for d in dims)
        return x if wanted == dims_of(x) else self.emit(graph.ReshapeOp(x, tensor(element_of(x), wanted)))

    def cast(self, x: SSAValue, element: Attribute) -> SSAValue:
        return x if element_of(x) == element else self.emit(graph.CastOp(x, element))


class ConvolveIntegers(Pattern[graph.ConvOp]):
    """conv(dq(x), dq(w)) + bias -> cast(conv(x, w) less what the zero points add) * (scale x * scale w) + bias

    guard: x has one scale and zero point; the weight is a constant with one scale, or one for each output channel, and no zero
    point; one group, for which there is a fast kernel
    """

    def rewrite(self, op: graph.ConvOp, rewriter: Rewriter) -> bool:
        pair = _pair(op.x, op.weight)
        if pair is None or integer(op.group) != 1 or not _is_static(dims_of(op.weight)):
            return False
        x, weight = pair
        outputs, rank = dims_of(op.weight)[0], rank_of(op.weight)
        if not _is_along(weight.scale, outputs, rank):
            return False
        e = _Emitter(rewriter)
        x = _unsigned(e, x, rewriter)
        geometry = Geometry(*(list(ints(a)) for a in (op.strides, op.pads, op.dilations)), group=1)
        total = integer_conv(e, x.values, weight.values, geometry, x.zero, None)
        channels = (outputs, *[1] * (rank - 2))
        y = _scaled(e, total, x, e.reshape(weight.scale, () if _is_one(weight.scale) else channels))
        if op.bias is not None:
            y = e.emit(graph.AddOp(y, e.reshape(op.bias, channels)))
        rewriter.replace(op, y)
        return True


class MultiplyIntegers(Pattern[graph.MatmulOp]):
    """matmul(dq(x), dq(w)) -> cast(matmul(x, w) less what the zero point adds) * (scale x * scale w)

    guard: x has one scale and zero point; w is a constant matrix with one scale, or one for each column, and no zero point
    """

    def rewrite(self, op: graph.MatmulOp, rewriter: Rewriter) -> bool:
        pair = _pair(op.lhs, op.rhs)
        if pair is None or flag(op.transpose_lhs) or rank_of(op.rhs) != 2 or not _is_static(dims_of(op.rhs)):
            return False
        x, weight = pair
        columns = dims_of(op.result)[-1]
        turned = flag(op.transpose_rhs)
        if not (_is_along(weight.scale, columns, 2) if turned else _is_last(weight.scale, columns)):
            return False
        e = _Emitter(rewriter)
        x = _unsigned(e, x, rewriter)
        values = e.emit(graph.TransposeOp(weight.values, [1, 0])) if turned else weight.values
        total = integer_matmul(e, x.values, values, x.zero, None)
        scale = e.reshape(weight.scale, () if _is_one(weight.scale) else (columns,))
        rewriter.replace(op, _scaled(e, total, x, scale))
        return True


def _pair(x: SSAValue, weight: SSAValue) -> tuple[Dequantized, Dequantized] | None:
    """Both operands dequantized, the second one a constant without a zero point."""
    left, right = dequantized(x), dequantized(weight)
    if left is None or right is None or right.zero is not None or constant_of(right.values) is None:
        return None
    plain = _is_one(left.scale) and (left.zero is None or _is_one(left.zero))
    return (left, right) if plain else None


def _unsigned(e: _Emitter, x: Dequantized, rewriter: Rewriter) -> Dequantized:
    """q + 128, the same bits with the sign changed, where the zero point of signed q is -128 (that of a relu's result).

    Then no zero point is left: padding is plain zeros.
    """
    zero = None if x.zero is None else splat_of(x.zero, rewriter.session.weights)
    if zero is None or int(zero) != -128:
        return x
    sign = rewriter.insert(scalar_constant(-128, element_of(x.values)))
    flipped = e.emit(graph.BitwiseXorOp(x.values, sign))
    return Dequantized(e.emit(graph.BitcastOp(flipped, ui8)), x.scale, None)


def _scaled(e: _Emitter, total: SSAValue, x: Dequantized, scale: SSAValue) -> SSAValue:
    both = e.emit(graph.MulOp(e.reshape(x.scale, ()), scale))
    return e.emit(graph.MulOp(e.cast(total, f32), both))


def _is_static(dims: Dims) -> bool:
    return all(d.is_static for d in dims)


def _is_one(value: SSAValue) -> bool:
    return all(d == ONE for d in dims_of(value))


def _is_along(scale: SSAValue, size: DimExpr, rank: int) -> bool:
    """Whether a scale is one number, or one for each index of the first of `rank` dims."""
    return _is_one(scale) or dims_of(scale) == (size, *[ONE] * (rank - 1))


def _is_last(scale: SSAValue, size: DimExpr) -> bool:
    dims = dims_of(scale)
    return _is_one(scale) or (dims[-1] == size and all(d == ONE for d in dims[:-1]))


@dataclass(frozen=True)
class RecognizeIntegerContractionsPass(PatternPass):
    """Products of dequantized tensors as products of integers."""

    name = "recognize-integer-contractions"
    patterns = (ConvolveIntegers(), MultiplyIntegers())
