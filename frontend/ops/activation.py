"""Activation functions, softmax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import product
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.types import dims_of, element_of, rank_of, tensor
from ..node import Node
from ..registry import op
from ..shape_values import Known

_PLAIN: dict[str, type[graph.UnaryOp]] = {
    "HardSwish": graph.HardSwishOp,
    "Mish": graph.MishOp,
    "Relu": graph.ReluOp,
    "Sigmoid": graph.SigmoidOp,
    "Softplus": graph.SoftplusOp,
    "Softsign": graph.SoftsignOp,
}

_WITH_ALPHA: dict[str, tuple[Callable[[SSAValue, float], graph.UnaryOp], float]] = {
    "Celu": (graph.CeluOp, 1.0),
    "Elu": (graph.EluOp, 1.0),
    "LeakyRelu": (graph.LeakyReluOp, 0.01),
    "ThresholdedRelu": (graph.ThresholdedReluOp, 1.0),
}


@op(*_PLAIN)
def plain(n: Node) -> SSAValue:
    return n.emit(_PLAIN[n.op](n.x()))


@op(*_WITH_ALPHA)
def with_alpha(n: Node) -> SSAValue:
    make, default = _WITH_ALPHA[n.op]
    return n.emit(make(n.x(), n.float_attr("alpha", default)))


@op("Selu")
def selu(n: Node) -> SSAValue:
    """The defaults became more precise with opset 6."""
    alpha, gamma = (1.6732, 1.0507) if n.opset < 6 else (1.67326319217681884765625, 1.05070102214813232421875)
    return n.emit(graph.SeluOp(n.x(), n.float_attr("alpha", alpha), n.float_attr("gamma", gamma)))


@op("HardSigmoid")
def hard_sigmoid(n: Node) -> SSAValue:
    return n.emit(graph.HardSigmoidOp(n.x(), n.float_attr("alpha", 0.2), n.float_attr("beta", 0.5)))


@op("Gelu", since=20)
def gelu(n: Node) -> SSAValue:
    return n.emit(graph.GeluOp(n.x(), n.str_attr("approximate", "none")))


@op("Swish", since=24)
def swish(n: Node) -> SSAValue:
    """x * sigmoid(alpha * x)"""
    x, alpha = n.x(), n.float_attr("alpha", 1.0)
    if alpha == 1.0:
        return n.emit(graph.SiluOp(x))
    scaled = n.emit(graph.MulOp(x, n.build.scalar(alpha, x)))
    return n.emit(graph.MulOp(x, n.emit(graph.SigmoidOp(scaled))))


@op("Shrink", since=9)
def shrink(n: Node) -> SSAValue:
    """x + bias below -lambd, x - bias above lambd, 0 between"""
    x = n.x()
    limit, bias = n.float_attr("lambd", 0.5), n.build.scalar(n.float_attr("bias", 0.0), x)
    below = n.emit(graph.LessOp(x, n.build.scalar(-limit, x)))
    above = n.emit(graph.GreaterOp(x, n.build.scalar(limit, x)))
    inner = n.emit(graph.WhereOp(above, n.emit(graph.SubOp(x, bias)), n.build.scalar(0, x)))
    return n.emit(graph.WhereOp(below, n.emit(graph.AddOp(x, bias)), inner))


@op("PRelu")
def prelu(n: Node) -> SSAValue:
    """Before opset 7 a vector of slopes belongs to the channels; from then on it broadcasts."""
    x, slope = n.x(0), n.x(1)
    if n.opset < 7 and rank_of(slope) == 1 and rank_of(x) > 2:
        slope = n.build.reshape(slope, (*dims_of(slope), *[1] * (rank_of(x) - 2)))
    return n.emit(graph.PreluOp(*n.build.pair(x, slope)))


# -- softmax --------------------------------------------------------------------------------------------------------------

_SOFTMAX: dict[str, Callable[[SSAValue, int], graph.GraphOp]] = {"Softmax": graph.SoftmaxOp, "LogSoftmax": graph.LogSoftmaxOp}


@op(*_SOFTMAX, since=13)
def softmax(n: Node) -> SSAValue:
    return n.emit(_SOFTMAX[n.op](n.x(), n.int_attr("axis", -1)))


@op(*_SOFTMAX, since=1)
def flattening_softmax(n: Node) -> SSAValue:
    """Before opset 13: over all dims from `axis` on, as if they were one."""
    return as_matrix(n, n.int_attr("axis", 1), lambda x: n.emit(_SOFTMAX[n.op](x, -1)))


def as_matrix(n: Node, axis: int, apply: Callable[[SSAValue], SSAValue]) -> SSAValue:
    """`apply` to x with the dims before `axis`, and those from there on, each merged to one."""
    x = n.x()
    dims = dims_of(x)
    axis = len(dims) if axis == len(dims) else normalize_axis(axis, len(dims))
    if axis == len(dims) - 1:
        return apply(x)
    matrix = n.build.reshape(x, (product(dims[:axis]), product(dims[axis:])))
    return n.build.reshape(apply(matrix), dims)


@op("Hardmax")
def hardmax(n: Node) -> SSAValue:
    """One at the first maximum along the axis, zero elsewhere."""
    if n.opset >= 13:
        return _hardmax(n, n.x(), n.int_attr("axis", -1))
    return as_matrix(n, n.int_attr("axis", 1), lambda x: _hardmax(n, x, -1))


def _hardmax(n: Node, x: SSAValue, axis: int) -> SSAValue:
    axis = normalize_axis(axis, rank_of(x))
    best = n.emit(graph.ArgReduceOp(x, "max", axis, keepdims=False))
    depth = n.build.known(Known.of([dims_of(x)[axis]], np.int64, ())).value()
    values = n.build.constant(np.array([0, 1]).astype(numpy_dtype(element_of(x)))).value()
    return n.emit(graph.OneHotOp(best, depth, values, axis, tensor(element_of(x), dims_of(x))))
