"""Pooling, its inverses, and local response normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import si64
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.types import Dims, element_of, rank_of
from ..counting import count, numbers
from ..node import Node, static
from ..registry import op
from ..windows import padded, padding, window
from .reduction import p_norm
from .slicing import ONE, ZERO, cut

_KINDS = {"MaxPool": "max", "AveragePool": "average", "LpPool": "lp"}


@op(*_KINDS)
def pool(n: Node) -> list[SSAValue]:
    x, kernel, kind = n.x(), n.ints_attr("kernel_shape"), _KINDS[n.op]
    strides, dilations = window(n, len(kernel))
    wanted = padding(n, n.shape()[2:], kernel, strides, dilations)
    include, ceil = bool(n.int_attr("count_include_pad", 0)), bool(n.int_attr("ceil_mode", 0))
    x, pads = padded(n, x, wanted, _lowest(x) if kind == "max" else 0)

    def pooled(x: SSAValue, include: bool) -> SSAValue:
        return n.emit(graph.PoolOp(x, kind, kernel, strides, pads, dilations, include, ceil, _p(n)))

    if kind == "average" and x is not n.x() and not include:
        ones = n.build.broadcast(n.build.scalar(1, x), [ONE, ONE, *n.shape()[2:]])
        shares = pooled(padded(n, ones, wanted, 0)[0], True)
        return [n.emit(graph.DivOp(pooled(x, True), shares))]
    outputs = [pooled(x, include)]
    if n.op == "MaxPool" and len(n.proto.output) > 1 and n.proto.output[1]:
        where = graph.ArgPoolOp(n.x(), kernel, strides, _static(n, wanted), dilations, ceil, bool(n.int_attr("storage_order", 0)))
        outputs.append(n.emit(where))
    return outputs


def _lowest(x: SSAValue) -> float | int:
    dtype = numpy_dtype(element_of(x))
    return int(np.iinfo(dtype).min) if dtype.kind in "iu" else float("-inf")


def _static(n: Node, pads: Sequence[DimExpr]) -> list[int]:
    """Indices count the elements of x itself, so its pads must be numbers."""
    return [static(p, "a pad") for p in pads]


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


@op("MaxUnpool", since=9)
def max_unpool(n: Node) -> SSAValue:
    """Elements at their indices in the image that pooling came from, 0 elsewhere; then cut or filled up to `output_shape`."""
    kernel, (batch, channels, *pooled) = n.ints_attr("kernel_shape"), n.shape()
    strides, _ = window(n, len(kernel))
    pads = n.ints_attr("pads", [0] * (2 * len(kernel)))
    margins = [low + high for low, high in zip(pads[: len(kernel)], pads[len(kernel) :], strict=True)]
    rows = zip(pooled, strides, kernel, margins, strict=True)
    dims = (batch, channels, *((d - 1) * stride + k - margin for d, stride, k, margin in rows))
    flat = [n.build.reshape(n.x(i), [product(n.shape(i))]) for i in range(2)]
    blank = n.build.broadcast(n.build.reshape(n.build.scalar(0, n.x()), [ONE]), [product(dims)])
    image = n.build.reshape(n.emit(graph.ScatterElementsOp(blank, flat[1], flat[0])), dims)
    if not n.has(2):
        return image
    high = [wanted - size for wanted, size in zip(n.dims(2), dims, strict=True)]
    return image if all(h == ZERO for h in high) else n.emit(graph.PadOp(image, [ZERO] * len(dims), high))


@op("Col2Im", since=18)
def col2im(n: Node) -> SSAValue:
    """[N, C * block.., columns] -> [N, C, image..]: every column's block is added to the padded image where it came from."""
    image, block, rank = n.dims(1), n.dims(2), len(n.dims(1))
    strides, dilations = window(n, rank)
    pads = n.ints_attr("pads", [0] * (2 * rank))
    whole = [size + low + high for size, low, high in zip(image, pads[:rank], pads[rank:], strict=True)]
    rows = zip(whole, block, strides, dilations, strict=True)
    columns = tuple((size - ((k - 1) * dilation + 1)) // stride + 1 for size, k, stride, dilation in rows)
    batch, depth, _ = n.shape()
    channels, taps = depth // product(block), product(block)
    n.build.assumptions.need_equal(channels * taps, depth)
    n.build.assumptions.need_equal(product(columns), n.shape()[2])
    places = n.build.reshape(_places(n, whole, (*block, *columns), (*dilations, *strides)), [taps * product(columns), ONE])
    updates = n.build.transpose(n.build.reshape(n.x(), [batch, channels, taps, product(columns)]), [2, 3, 0, 1])
    updates = n.build.reshape(updates, [taps * product(columns), batch, channels])
    blank = n.build.broadcast(n.build.scalar(0, n.x()), [product(whole), batch, channels])
    summed = n.build.reshape(n.emit(graph.ScatterNdOp(blank, places, updates, "add")), [*whole, batch, channels])
    starts = [DimExpr.of(p) for p in pads[:rank]]
    inside = cut(n, summed, [*starts, ZERO, ZERO], [*image, batch, channels], [ONE] * (rank + 2))
    return n.build.transpose(inside, [rank, rank + 1, *range(rank)])


def _places(n: Node, whole: Sequence[DimExpr], extents: Dims, steps: Sequence[int]) -> SSAValue:
    """[block.., columns..]: the row-major position in the image of each tap of each column."""
    rank = len(whole)
    total: SSAValue | None = None
    for axis, (extent, step) in enumerate(zip(extents, steps, strict=True)):
        stride = product(whole[axis % rank + 1 :]) * step
        line = n.emit(graph.MulOp(count(n, extent, si64), numbers(n, [stride], si64)))
        line = n.build.reshape(line, [extent if k == axis else ONE for k in range(2 * rank)])
        total = line if total is None else n.emit(graph.AddOp(total, line))
    assert total is not None
    return total


@op("LRN")
def lrn(n: Node) -> SSAValue:
    alpha, beta, bias = n.float_attr("alpha", 1e-4), n.float_attr("beta", 0.75), n.float_attr("bias", 1.0)
    return n.emit(graph.LrnOp(n.x(), n.int_attr("size"), alpha, beta, bias))
