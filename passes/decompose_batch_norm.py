"""decompose-batch-norm: a batch normalisation is a scale and a shift per channel (REWRITES U6).

Both then go the way of any other scale and shift: into the weights of a convolution, into each other, or into a pointwise
kernel. U1 (conv + batch-norm) is this pass and `fuse-scale-shift`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import AddOp, CastOp, DivOp, MulOp, SqrtOp, SubOp
from ..dialects.graph.movement import ReshapeOp
from ..dialects.graph.normalization import BatchNormOp
from ..dialects.graph.types import dims_of, element_of, is_static, rank_of, static_shape, tensor
from .constants import scalar_constant
from .driver import Pattern, PatternPass, Rewriter
from .weight_math import fold, is_known

Array = NDArray[Any]


class DecomposeBatchNorm(Pattern[BatchNormOp]):
    """batch_norm(x, scale, bias, mean, var) -> x * s + t, where s = scale / sqrt(var + epsilon) and t = bias - mean * s

    s and t have the shape [C, 1, ...]; they are constants where the parameters are, else a few ops on C elements.
    """

    def rewrite(self, op: BatchNormOp, rewriter: Rewriter) -> bool:
        parameters = (op.scale, op.bias, op.mean, op.var)
        known = all(is_known(p, rewriter.session.weights) and is_static(p) for p in parameters)
        s, t = _folded(op, rewriter) if known else _computed(op, rewriter)
        scaled = rewriter.insert(MulOp(op.x, s))
        rewriter.replace(op, AddOp(scaled, t, op.result.type))
        return True


def _folded(op: BatchNormOp, rewriter: Rewriter) -> tuple[SSAValue, SSAValue]:
    """Scale and shift as constants, computed in float64 and rounded once."""
    epsilon = float(op.epsilon.value.data)
    shape = (*static_shape(op.scale), *[1] * (rank_of(op.x) - 2))
    element, store = element_of(op.x), rewriter.session.weights

    def scale(gamma: Array, var: Array) -> Array:
        return (gamma.astype(np.float64) / np.sqrt(var.astype(np.float64) + epsilon)).reshape(shape)

    def shift(gamma: Array, beta: Array, mean: Array, var: Array) -> Array:
        return beta.astype(np.float64).reshape(shape) - mean.astype(np.float64).reshape(shape) * scale(gamma, var)

    s = fold(scale, (op.scale, op.var), shape, element, store)
    t = fold(shift, (op.scale, op.bias, op.mean, op.var), shape, element, store)
    return rewriter.insert(s).result, rewriter.insert(t).result


def _computed(op: BatchNormOp, rewriter: Rewriter) -> tuple[SSAValue, SSAValue]:
    """Scale and shift as ops on vectors of C elements, in the element type of x."""
    element = element_of(op.x)
    scale, bias, mean, var = (_cast(p, op, rewriter) for p in (op.scale, op.bias, op.mean, op.var))
    epsilon = rewriter.insert(scalar_constant(op.epsilon.value.data, element))
    deviation = rewriter.insert(SqrtOp(rewriter.insert(AddOp(var, epsilon))))
    s = rewriter.insert(DivOp(scale, deviation))
    t = rewriter.insert(SubOp(bias, rewriter.insert(MulOp(mean, s))))
    column = tensor(element, [*dims_of(op.scale), *[1] * (rank_of(op.x) - 2)])
    return rewriter.insert(ReshapeOp(s, column)).result, rewriter.insert(ReshapeOp(t, column)).result


def _cast(value: SSAValue, op: BatchNormOp, rewriter: Rewriter) -> SSAValue:
    element = element_of(op.x)
    same = numpy_dtype(element_of(value)) == numpy_dtype(element)
    return value if same else rewriter.insert(CastOp(value, element)).result


@dataclass(frozen=True)
class DecomposeBatchNormPass(PatternPass):
    """batch_norm -> per-channel mul and add."""

    name = "decompose-batch-norm"
    patterns = (DecomposeBatchNorm(),)
