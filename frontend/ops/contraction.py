"""Matrix products and convolutions."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, rank_of
from ..node import Node, static
from ..registry import op
from ..windows import padded, padding, same_padding, window


@op("MatMul")
def matmul(n: Node) -> SSAValue:
    return product(n, n.x(0), n.x(1))


def product(n: Node, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
    """numpy.matmul: a vector is a row on the left and a column on the right, and its unit dim is dropped again."""
    left, right = rank_of(lhs) == 1, rank_of(rhs) == 1
    if left:
        lhs = n.build.reshape(lhs, (1, *dims_of(lhs)))
    if right:
        rhs = n.build.reshape(rhs, (*dims_of(rhs), 1))
    result = n.emit(graph.MatmulOp(*n.build.pair(lhs, rhs, fixed=2)))
    if not (left or right):
        return result
    *batch, rows, columns = dims_of(result)
    return n.build.reshape(result, [*batch, *([] if left else [rows]), *([] if right else [columns])])


@op("Gemm")
def gemm(n: Node) -> SSAValue:
    """alpha * A' @ B' + beta * C"""
    alpha, beta = n.float_attr("alpha", 1.0), n.float_attr("beta", 1.0)
    a, b = n.x(0), n.x(1)
    if rank_of(a) != 2 or rank_of(b) != 2:
        raise ValueError(f"A and B have rank 2, got {rank_of(a)} and {rank_of(b)}")
    y = n.emit(graph.MatmulOp(a, b, bool(n.int_attr("transA", 0)), bool(n.int_attr("transB", 0))))
    if alpha != 1.0:
        y = n.emit(graph.MulOp(y, n.build.scalar(alpha, y)))
    if not n.has(2) or beta == 0.0:
        return y
    c = n.x(2)
    if beta != 1.0:
        c = n.emit(graph.MulOp(c, n.build.scalar(beta, c)))
    return n.emit(graph.AddOp(*n.build.pair(y, c)))


@op("Conv")
def conv(n: Node) -> SSAValue:
    x, weight = n.x(0), n.x(1)
    kernel = kernel_sizes(n, weight)
    strides, dilations = window(n, len(kernel))
    x, pads = padded(n, x, padding(n, dims_of(x)[2:], kernel, strides, dilations), 0)
    group = n.int_attr("group", 1)
    return n.emit(graph.ConvOp(x, weight, n.optional(2), strides, pads, dilations, group))


def kernel_sizes(n: Node, weight: SSAValue) -> list[int]:
    """Spatial sizes of the weight, which `kernel_shape` may only repeat."""
    sizes = [static(d, "a kernel size") for d in dims_of(weight)[2:]]
    declared = n.ints_attr("kernel_shape", sizes)
    if declared != sizes:
        raise ValueError(f"kernel_shape is {declared}, the weight has {sizes}")
    return sizes


@op("ConvTranspose")
def conv_transpose(n: Node) -> SSAValue:
    x, weight = n.x(0), n.x(1)
    kernel = kernel_sizes(n, weight)
    strides, dilations = window(n, len(kernel))
    extra = n.ints_attr("output_padding", [0] * len(kernel))
    pads = _transposed_pads(n, kernel, strides, dilations, extra)
    group = n.int_attr("group", 1)
    return n.emit(graph.ConvTransposeOp(x, weight, n.optional(2), strides, pads, dilations, group, extra))


def _transposed_pads(n: Node, kernel: list[int], strides: list[int], dilations: list[int], extra: list[int]) -> list[int]:
    """Explicit pads; those that make the output `output_shape`, or for SAME_* strides times the input."""
    auto, target = n.str_attr("auto_pad", "NOTSET"), n.ints_attr("output_shape", [])
    if not target and auto in ("NOTSET", "VALID"):
        return n.ints_attr("pads", [0] * (2 * len(kernel))) if auto == "NOTSET" else [0] * (2 * len(kernel))
    pads: list[tuple[int, ...]] = []
    for axis, dim in enumerate(n.shape()[2:]):
        full = (dim - 1) * strides[axis] + extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        wanted = target[-len(kernel) :][axis] if target else dim * strides[axis]
        total = static(full - wanted, "the padding")
        pads.append(tuple(p.value for p in same_padding(DimExpr.of(max(0, total)), upper=auto == "SAME_UPPER")))
        extra[axis] += max(0, -total)
    return [low for low, _ in pads] + [high for _, high in pads]
