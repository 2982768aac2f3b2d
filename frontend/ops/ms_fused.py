"""Ops of com.microsoft that onnxruntime's optimizer makes of several ONNX ops: taken apart again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.types import dims_of, element_of, rank_of
from ..delegation import as_onnx
from ..node import Node, UnsupportedError
from ..quantization import MICROSOFT
from ..registry import op
from ..terms import Term, constant, optional, term
from .contraction import product

# -- an activation at the end -----------------------------------------------------------------------------------------------
_ACTIVATIONS: dict[str, tuple[Callable[..., graph.GraphOp], tuple[float, ...]]] = {
    "Relu": (graph.ReluOp, ()),
    "Tanh": (graph.TanhOp, ()),
    "Sigmoid": (graph.SigmoidOp, ()),
    "LeakyRelu": (graph.LeakyReluOp, (0.01,)),
    "Clip": (graph.ClipOp, (float("-inf"), float("inf"))),
    "HardSigmoid": (graph.HardSigmoidOp, (0.2, 0.5)),
}
"""Makers, and what their parameters are unless they are given."""


def _activated(n: Node, x: SSAValue, given: Sequence[float]) -> SSAValue:
    name = n.str_attr("activation", "")
    if not name:
        return x
    if name not in _ACTIVATIONS:
        raise UnsupportedError(f"activation '{name}'")
    make, defaults = _ACTIVATIONS[name]
    return n.emit(make(x, *[*given, *defaults[len(given) :]][: len(defaults)]))


@op("FusedConv", domain=MICROSOFT)
def fused_conv(n: Node) -> SSAValue:
    """activation(conv(X, W) + B + Z)"""
    y = as_onnx(n, "Conv", [n.x(0), n.x(1), n.optional(2)])[0]
    if n.has(3):
        y = n.emit(graph.AddOp(y, n.x(3)))
    return _activated(n, y, n.floats_attr("activation_params", []))


@op("FusedGemm", domain=MICROSOFT)
def fused_gemm(n: Node) -> SSAValue:
    y = as_onnx(n, "Gemm", [n.x(0), n.x(1), n.optional(2)])[0]
    names = [name for name in ("activation_alpha", "activation_beta") if name in n.attributes]
    return _activated(n, y, [n.float_attr(name) for name in names])


@op("FusedMatMul", "TransposeMatMul", domain=MICROSOFT)
def fused_matmul(n: Node) -> SSAValue:
    """alpha * A' @ B'; `transBatchA` moves dim 0 behind the batch dims, `transA` swaps the last two after that."""
    y = product(n, _turned(n, 0, "A"), _turned(n, 1, "B"))
    alpha = n.float_attr("alpha", 1.0)
    return y if alpha == 1.0 else n.emit(graph.MulOp(y, n.build.scalar(alpha, y)))


def _turned(n: Node, index: int, side: str) -> SSAValue:
    x, rank = n.x(index), n.rank(index)
    perm = list(range(rank))
    if rank > 2 and n.int_attr(f"transBatch{side}", 0):
        perm = [*range(1, rank - 1), 0, rank - 1]
    if rank > 1 and n.int_attr(f"trans{side}", 0):
        perm[-2:] = perm[:-3:-1]
    return x if perm == list(range(rank)) else n.build.transpose(x, perm)


# -- gelu -------------------------------------------------------------------------------------------------------------------
@op("Gelu", "BiasGelu", domain=MICROSOFT)
def gelu(n: Node) -> SSAValue:
    return n.emit(graph.GeluOp(_with_bias(n), "none"))


@op("FastGelu", domain=MICROSOFT)
def fast_gelu(n: Node) -> SSAValue:
    return n.emit(graph.GeluOp(_with_bias(n), "tanh"))


def _with_bias(n: Node) -> SSAValue:
    return n.emit(graph.AddOp(*n.build.pair(n.x(0), n.x(1)))) if n.has(1) else n.x(0)


@op("QuickGelu", domain=MICROSOFT)
def quick_gelu(n: Node) -> SSAValue:
    """x * sigmoid(alpha * x)"""
    x = term(n)
    return (x * (x * n.float_attr("alpha", 1.702)).apply(graph.SigmoidOp)).value


# -- normalisation ----------------------------------------------------------------------------------------------------------
@op("SkipLayerNormalization", domain=MICROSOFT)
def skip_layer_norm(n: Node) -> list[SSAValue | None]:
    """Outputs: the norm of input + skip + bias, two that no CPU kernel gives, and the sum."""
    total, epsilon = _sum(n, 4), n.float_attr("epsilon", 1e-12)
    return [n.emit(graph.LayerNormOp(total, n.x(2), n.optional(3), -1, epsilon)), None, None, total]


@op("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_rms_norm(n: Node) -> list[SSAValue | None]:
    total = _sum(n, 3)
    return [n.emit(graph.RmsNormOp(total, n.x(2), -1, n.float_attr("epsilon", 1e-12))), None, None, total]


def _sum(n: Node, bias: int) -> SSAValue:
    total = n.emit(graph.AddOp(*n.build.pair(n.x(0), n.x(1))))
    return n.emit(graph.AddOp(*n.build.pair(total, n.x(bias)))) if n.has(bias) else total


@op("SimplifiedLayerNormalization")
def simplified_layer_norm(n: Node) -> list[SSAValue | None]:
    """RMS normalization, under the name that onnxruntime's optimizer puts into ONNX's own domain."""
    return [n.emit(graph.RmsNormOp(n.x(0), n.x(1), n.int_attr("axis", -1), n.float_attr("epsilon", 1e-5))), None]


@op("EmbedLayerNormalization", domain=MICROSOFT)
def embed_layer_norm(n: Node) -> list[SSAValue | None]:
    """Embeddings of words, positions and segments, added and normalized; the lengths by the mask; the sum."""
    batch, time = n.shape(0)
    words, positions = _rows(n, n.x(2), n.x(0)), optional(n, 8)
    if positions is None:
        n.need(n.shape(3)[0] - time)
        places = term(n, 3).part(0, 0, time)
    else:
        places = _rows(n, n.x(3), positions.value)
    total = words + places
    if n.has(1):
        total = total + _rows(n, n.x(4), n.x(1))
    norm = n.emit(graph.LayerNormOp(total.value, n.x(5), n.x(6), -1, n.float_attr("epsilon", 1e-12)))
    mask = optional(n, 7)
    none = constant(n, np.zeros((), np.int32))
    lengths = none.broadcast(batch) if mask is None else mask.reduce("sum", 1, keepdims=False)
    return [norm, lengths.value, total.value]


def _rows(n: Node, table: SSAValue, numbers: SSAValue) -> Term:
    if rank_of(table) != 2:
        raise ValueError(f"embeddings have rank 2, got {list(map(str, dims_of(table)))} of {element_of(table)}")
    return Term(n.build, as_onnx(n, "Gather", [table, numbers])[0])
