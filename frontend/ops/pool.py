"""Pooling and local response normalisation."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.types import rank_of
from ..node import Node, UnsupportedError
from ..registry import op
from ..windows import padding, window
from .reduction import p_norm

_KINDS = {"MaxPool": "max", "AveragePool": "average", "LpPool": "lp"}


@op(*_KINDS)
def pool(n: Node) -> SSAValue:
    if n.op == "MaxPool" and len(n.proto.output) > 1 and n.proto.output[1]:
        raise UnsupportedError("its indices are asked for")
    x, kernel = n.x(), n.ints_attr("kernel_shape")
    strides, dilations = window(n, len(kernel))
    pads = padding(n, n.shape()[2:], kernel, strides, dilations)
    include, ceil = bool(n.int_attr("count_include_pad", 0)), bool(n.int_attr("ceil_mode", 0))
    return n.emit(graph.PoolOp(x, _KINDS[n.op], kernel, strides, pads, dilations, include, ceil, _p(n)))


def _p(n: Node) -> int:
    """The norm of LpPool; a float before opset 2."""
    if n.op not in ("LpPool", "GlobalLpPool"):
        return 2
    return n.int_attr("p", 2) if n.opset >= 2 else int(n.float_attr("p", 2.0))


@op("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(n: Node) -> SSAValue:
    """A reduction over all spatial dims."""
    x = n.x()
    axes = range(2, rank_of(x))
    if n.op == "GlobalLpPool":
        return p_norm(n, x, _p(n), axes)
    return n.emit(graph.ReduceOp(x, "mean" if n.op == "GlobalAveragePool" else "max", axes))


@op("LRN")
def lrn(n: Node) -> SSAValue:
    alpha, beta, bias = n.float_attr("alpha", 1e-4), n.float_attr("beta", 0.75), n.float_attr("bias", 1.0)
    return n.emit(graph.LrnOp(n.x(), n.int_attr("size"), alpha, beta, bias))
