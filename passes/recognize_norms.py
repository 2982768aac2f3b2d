"""recognize-norms: decomposed layer, RMS and group normalisations (REWRITES U10).

First the normalisation itself with a scale of one; then multiplications and additions that follow go into scale and bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import AddOp, DivOp, MulOp, ReciprocalOp, RsqrtOp, SqrtOp, SubOp
from ..dialects.graph.movement import ReshapeOp
from ..dialects.graph.normalization import GroupNormOp, InstanceNormOp, LayerNormOp, RmsNormOp
from ..dialects.graph.reduction import ReduceOp
from ..dialects.graph.source import ConstantOp
from ..dialects.graph.types import Dims, broadcast_dims, dims_of, element_of, rank_of, static_shape, tensor
from ..runtime.weights import WeightStore
from .constants import Array, make_splat
from .driver import Pattern, PatternPass, Rewriter, producer
from .fuse_scale_shift import split_constant, varies_only_along
from .matching import operand_pairs, product_of, scalar_of, sole, sum_of
from .weight_math import fold, is_known


def mean_axis(value: SSAValue, x: SSAValue) -> int | None:
    """The first axis of `reduce(x) {mean}` over all trailing axes from there on, dims kept."""
    reduce = producer(value, ReduceOp)
    if reduce is None or reduce.x != x or reduce.kind.data != "mean" or not flag(reduce.keepdims):
        return None
    axes, rank = ints(reduce.axes), rank_of(x)
    return axes[0] if axes and axes == tuple(range(axes[0], rank)) else None


def root_and_inverse(op: MulOp | DivOp) -> list[tuple[SSAValue, SSAValue]]:
    """All (a, v) for which the op is a / sqrt(v)."""
    if isinstance(op, DivOp):
        root = producer(op.rhs, SqrtOp)
        return [(op.lhs, root.x)] if root is not None else []
    found: list[tuple[SSAValue, SSAValue]] = []
    for a, factor in operand_pairs(op):
        inverse, rsqrt = producer(factor, ReciprocalOp), producer(factor, RsqrtOp)
        root = producer(inverse.x, SqrtOp) if inverse is not None else None
        if rsqrt is not None or root is not None:
            found.append((a, rsqrt.x if rsqrt is not None else root.x if root is not None else factor))
    return found


def mean_square(value: SSAValue, store: WeightStore) -> tuple[SSAValue, int, float] | None:
    """(d, axis, epsilon) of `mean(d * d) + epsilon` over the trailing axes from `axis` on."""
    total = sum_of(value, store)
    reduce = producer(total.values[0], ReduceOp) if len(total.values) == 1 else None
    if reduce is None:
        return None
    square = product_of(reduce.x, store)
    axis = mean_axis(reduce.result, reduce.x)
    if axis is None or square.constant != 1.0 or len(square.values) != 2 or square.values[0] != square.values[1]:
        return None
    return square.values[0], axis, total.constant


def centered(value: SSAValue, axis: int) -> SSAValue | None:
    """x of `x - mean(x)` over the trailing axes from `axis` on."""
    difference = producer(value, SubOp)
    if difference is None or mean_axis(difference.rhs, difference.lhs) != axis:
        return None
    return difference.lhs


class RecognizeLayerNorm(Pattern[MulOp | DivOp]):
    """(x - mean(x)) / sqrt(mean((x - mean(x))**2) + epsilon) -> layer_norm(x, 1), means over trailing axes

    x / sqrt(mean(x**2) + epsilon) -> rms_norm(x, 1). The root may be spelled sqrt, rsqrt or reciprocal(sqrt).
    """

    def rewrite(self, op: MulOp | DivOp, rewriter: Rewriter) -> bool:
        for numerator, variance in root_and_inverse(op):
            found = mean_square(variance, rewriter.session.weights)
            if found is None or dims_of(numerator) != dims_of(op.result):
                continue
            deviation, axis, epsilon = found
            x = centered(numerator, axis)
            if numerator == deviation and x is None:
                scale = rewriter.insert(_ones(numerator, axis, rewriter))
                rewriter.replace(op, RmsNormOp(numerator, scale, axis, epsilon))
                return True
            if x is not None and centered(deviation, axis) == x:
                scale = rewriter.insert(_ones(x, axis, rewriter))
                rewriter.replace(op, LayerNormOp(x, scale, None, axis, epsilon))
                return True
        return False


def _ones(x: SSAValue, axis: int, rewriter: Rewriter) -> ConstantOp:
    """A scale of one for x[axis:], of a single element where those dims are not static."""
    dims = dims_of(x)[axis:]
    shape = [d.value for d in dims] if all(d.is_static for d in dims) else [1]
    return make_splat(numpy_dtype(element_of(x)).type(1), shape, rewriter.session.weights, "ones")


class ScaleIntoNorm(Pattern[MulOp]):
    """mul(layer_norm(x, 1), s) -> layer_norm(x, s), for an s that broadcasts against x[axis:]; the same for rms_norm"""

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        for value, scale in operand_pairs(op):
            norm = producer(value, LayerNormOp) or producer(value, RmsNormOp)
            if norm is None or not value.has_one_use() or scalar_of(norm.scale, store) != 1.0:
                continue
            if isinstance(norm, LayerNormOp) and norm.bias is not None:
                continue
            parameter = _trailing(scale, norm, rewriter)
            if parameter is None:
                continue
            axis, epsilon = integer(norm.axis), norm.epsilon.value.data
            kind = RmsNormOp(norm.x, parameter, axis, epsilon) if isinstance(norm, RmsNormOp) else None
            rewriter.replace(op, kind or LayerNormOp(norm.x, parameter, None, axis, epsilon))
            return True
        return False


class ShiftIntoNorm(Pattern[AddOp]):
    """add(layer_norm(x, s), b) -> layer_norm(x, s, b), for a b of the dims of s"""

    def rewrite(self, op: AddOp, rewriter: Rewriter) -> bool:
        for value, bias in operand_pairs(op):
            norm = producer(value, LayerNormOp)
            if norm is None or not value.has_one_use() or norm.bias is not None:
                continue
            parameter = _trailing(bias, norm, rewriter)
            if parameter is None or dims_of(parameter) != dims_of(norm.scale):
                continue
            axis, epsilon = integer(norm.axis), norm.epsilon.value.data
            rewriter.replace(op, LayerNormOp(norm.x, norm.scale, parameter, axis, epsilon))
            return True
        return False


def _trailing(value: SSAValue, norm: LayerNormOp | RmsNormOp, rewriter: Rewriter) -> SSAValue | None:
    """The value as a parameter of the norm: without leading dims of 1; None where it does not broadcast against x[axis:]."""
    trailing = dims_of(norm.x)[integer(norm.axis) :]
    dims = dims_of(value)
    surplus = len(dims) - len(trailing)
    if any(d.is_static is False or d.value != 1 for d in dims[: max(surplus, 0)]):
        return None
    kept: Dims = dims[max(surplus, 0) :]
    if not _fits(kept, trailing):
        return None
    return value if kept == dims else rewriter.insert(ReshapeOp(value, tensor(element_of(value), kept))).result


def _fits(dims: Dims, trailing: Dims) -> bool:
    try:
        return broadcast_dims(dims, trailing) == trailing
    except ValueError:
        return False


class RecognizeGroupNorm(Pattern[ReshapeOp]):
    """reshape(instance_norm(reshape(x, [N, G, ...]), 1, 0), dims of x) -> group_norm(x, 1, 0) {groups = G}, x of [N, C, ...]"""

    def rewrite(self, op: ReshapeOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        norm = producer(op.x, InstanceNormOp)
        inner = producer(norm.x, ReshapeOp) if norm is not None else None
        if norm is None or inner is None or not sole(op.x, InstanceNormOp) or dims_of(inner.x) != dims_of(op.result):
            return False
        plain = scalar_of(norm.scale, store) == 1.0 and scalar_of(norm.bias, store) == 0.0
        x, split = dims_of(inner.x), dims_of(inner.result)
        if (
            not plain
            or len(x) < 2
            or x[0] != split[0]
            or not (x[1].is_static and split[1].is_static)
            or x[1].value % split[1].value
        ):
            return False
        one = numpy_dtype(element_of(inner.x)).type(1)
        scale = rewriter.insert(make_splat(one, [x[1].value], store, "ones"))
        bias = rewriter.insert(make_splat(one - one, [x[1].value], store, "zeros"))
        rewriter.replace(op, GroupNormOp(inner.x, scale, bias, split[1].value, norm.epsilon.value.data))
        return True


class ScaleShiftIntoChannelNorm(Pattern[MulOp | AddOp]):
    """mul(group_norm(x, s, b), c) -> group_norm(x, s * c, b * c), add(group_norm(x, s, b), c) -> group_norm(x, s, b + c)

    For constants s, b and c, c per channel; the same for instance_norm.
    """

    def rewrite(self, op: MulOp | AddOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        operands = split_constant(op, store)
        norm = producer(operands[0], GroupNormOp) or producer(operands[0], InstanceNormOp) if operands else None
        if operands is None or norm is None or not norm.result.has_one_use():
            return False
        known = is_known(norm.scale, store) and is_known(norm.bias, store)
        if not known or not varies_only_along(operands[1], 1, rank_of(norm.x)):
            return False
        scale, bias = norm.scale, norm.bias
        if isinstance(op, MulOp):
            scale, bias = (_combined(p, operands[1], np.multiply, rewriter) for p in (scale, bias))
        else:
            bias = _combined(bias, operands[1], np.add, rewriter)
        epsilon = norm.epsilon.value.data
        if isinstance(norm, GroupNormOp):
            rewriter.replace(op, GroupNormOp(norm.x, scale, bias, integer(norm.groups), epsilon))
        else:
            rewriter.replace(op, InstanceNormOp(norm.x, scale, bias, epsilon))
        return True


def _combined(parameter: SSAValue, constant: SSAValue, combine: np.ufunc, rewriter: Rewriter) -> SSAValue:
    shape, element = static_shape(parameter), element_of(parameter)

    def combined(p: Array, c: Array) -> Array:
        return combine(p, c.reshape(-1))

    return rewriter.insert(fold(combined, (parameter, constant), shape, element, rewriter.session.weights)).result


@dataclass(frozen=True)
class RecognizeNormsPass(PatternPass):
    """Decomposed normalisations -> layer_norm, rms_norm, group_norm."""

    name = "recognize-norms"
    patterns = (RecognizeLayerNorm(), ScaleIntoNorm(), ShiftIntoNorm(), RecognizeGroupNorm(), ScaleShiftIntoChannelNorm())
