"""Quantization as arithmetic of the graph dialect: scales and zero points brought to the shape of what they scale."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import Signedness, f32
from xdsl.ir import Attribute, SSAValue

from ..dialects import graph
from ..dialects.graph.base import normalize_axis
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import is_small_float
from ..dialects.graph.linalg import si32
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of, tensor
from ..dialects.narrowing import is_integer
from .node import Node

ONE = DimExpr.of(1)


def parameter(n: Node, value: SSAValue, x: Dims, axis: int, block: int) -> SSAValue:
    """A scale or zero point so that it broadcasts to dims `x`: one number, one for each index of an axis, or one for a block.

    ValueError where its rank fits none of these.
    """
    dims = dims_of(value)
    if all(d == ONE for d in dims):
        return n.build.reshape(value, ())
    axis = normalize_axis(axis, len(x))
    if len(dims) == 1 and not block:
        return n.build.reshape(value, [dims[0] if a == axis else ONE for a in range(len(x))])
    if len(dims) != len(x) or block <= 0:
        raise ValueError(f"a scale of rank {len(dims)} for x of rank {len(x)} and blocks of {block}")
    return _repeated(n, value, x[axis], axis, block)


def _repeated(n: Node, value: SSAValue, size: DimExpr, axis: int, block: int) -> SSAValue:
    """`value` with each index of an axis `block` times, cut to `size`."""
    dims = dims_of(value)
    inserted = n.build.reshape(value, (*dims[: axis + 1], 1, *dims[axis + 1 :]))
    wide = n.build.broadcast(inserted, (*dims[: axis + 1], block, *dims[axis + 1 :]))
    long = n.build.reshape(wide, (*dims[:axis], dims[axis] * block, *dims[axis + 1 :]))
    if dims[axis] * block == size:
        return long
    n.need(dims[axis] * block - size)
    sizes = [size if a == axis else d for a, d in enumerate(dims)]
    return n.emit(graph.SliceOp(long, [0] * len(dims), tensor(element_of(long), sizes)))


def is_zero(n: Node, index: int) -> bool:
    """Whether an operand is left out or is a constant of zeros."""
    if not n.has(index):
        return True
    array = n.array(index)
    return array is not None and not array.astype("float32").any()


def limits(element: Attribute) -> tuple[int, int]:
    """The smallest and the largest number of an integer element type."""
    assert is_integer(element)
    width, signed = element.width.data, element.signedness.data is Signedness.SIGNED
    return (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)


def quantized(n: Node, q: SSAValue, zero: SSAValue | None, to: Attribute, saturate: bool = True) -> SSAValue:
    """`q`, a quotient by the scale in floats, rounded to nearest even, moved by the zero point and saturated to `to`.

    Small floats are rounded by the cast, after the zero point is added.
    """
    build = n.build
    whole = q if is_small_float(to) else n.emit(graph.RoundOp(build.cast(q, f32)))
    if zero is not None:
        whole = n.emit(graph.AddOp(build.cast(whole, f32), build.cast(zero, f32)))
    if is_small_float(to):
        return n.emit(graph.CastOp(whole, to, saturate))
    low, high = limits(to)
    return build.cast(n.emit(graph.ClipOp(whole, float(low), float(high))), to)


def integer_matmul(n: Node, a: SSAValue, b: SSAValue, zero_a: SSAValue | None, zero_b: SSAValue | None) -> SSAValue:
    """(a - zero_a) @ (b - zero_b) of 8-bit integers in si32, wrapping; a zero point of `a` is for all or for each row of it.

    The product is of the integers as they are, and sums over rows and columns of them make up for the zero points:
    sum (a - p)(b - q) = sum a b - p sum b - q sum (a - p).
    """
    left, right = rank_of(a) == 1, rank_of(b) == 1
    a = n.build.reshape(a, (1, *dims_of(a))) if left else a
    b = n.build.reshape(b, (*dims_of(b), 1)) if right else b
    total = n.emit(graph.MatmulOp(a, b))
    moved = n.build.cast(a, si32)
    if zero_a is not None:
        zero = _wide(n, zero_a, column=True)
        moved = n.emit(graph.SubOp(moved, zero))
        total = n.emit(graph.SubOp(total, n.emit(graph.MulOp(zero, _sum(n, n.build.cast(b, si32), -2)))))
    if zero_b is not None:
        zero = _wide(n, zero_b, column=False)
        total = n.emit(graph.SubOp(total, n.emit(graph.MulOp(zero, _sum(n, moved, -1)))))
    *batch, rows, columns = dims_of(total)
    if not (left or right):
        return total
    return n.build.reshape(total, [*batch, *([] if left else [rows]), *([] if right else [columns])])


def _wide(n: Node, zero: SSAValue, column: bool) -> SSAValue:
    """A zero point in si32; a vector stands for the rows of a matrix if `column`, else for its columns."""
    dims = dims_of(zero)
    if all(d == ONE for d in dims):
        zero = n.build.reshape(zero, ())
    elif len(dims) == 1 and column:
        zero = n.build.reshape(zero, (*dims, 1))
    return n.build.cast(zero, si32)


def _sum(n: Node, x: SSAValue, axis: int) -> SSAValue:
    return n.emit(graph.ReduceOp(x, "sum", [rank_of(x) + axis], keepdims=True))


@dataclass(frozen=True)
class Geometry:
    """How the window of a convolution moves; `pads` lists all begins, then all ends."""

    strides: list[int]
    pads: list[int]
    dilations: list[int]
    group: int


def integer_conv(
    n: Node, x: SSAValue, weight: SSAValue, geometry: Geometry, zero_x: SSAValue | None, zero_w: SSAValue | None
) -> SSAValue:
    """The convolution of (x - zero_x) with (weight - zero_w), 8-bit integers, in si32; the pads stand for zeros.

    A zero point of x is one number: x is padded with it, and its product with the sums over the weight is subtracted. With zero
    points of the weight, which are rare, x and weight are convolved in si32.
    """
    build, pads = n.build, geometry.pads
    if zero_x is not None:
        zero_x = build.reshape(zero_x, ())
        x, pads = _padded(n, x, zero_x, pads), [0] * len(pads)
    if zero_w is not None:
        zero_w = per_channel(n, zero_w, rank_of(weight))
        x, weight = build.cast(x, si32), n.emit(graph.SubOp(build.cast(weight, si32), build.cast(zero_w, si32)))
    total = n.emit(graph.ConvOp(x, weight, None, geometry.strides, pads, geometry.dilations, geometry.group))
    if zero_x is None:
        return total
    sums = n.emit(graph.ReduceOp(build.cast(weight, si32), "sum", range(1, rank_of(weight)), keepdims=False))
    sums = per_channel(n, sums, rank_of(weight) - 1)
    return n.emit(graph.SubOp(total, n.emit(graph.MulOp(sums, build.cast(zero_x, si32)))))


def per_channel(n: Node, value: SSAValue, rank: int) -> SSAValue:
    """One number, or one for each output channel, so that it broadcasts to a tensor of which the channels are dim -rank."""
    dims = dims_of(value)
    return n.build.reshape(value, () if all(d == ONE for d in dims) else (*dims, *[1] * (rank - 1)))


def _padded(n: Node, x: SSAValue, value: SSAValue, pads: list[int]) -> SSAValue:
    half = len(pads) // 2
    return n.emit(graph.PadOp(x, [0, 0, *pads[:half]], [0, 0, *pads[half:]], value)) if any(pads) else x


def dequantized(n: Node, x: SSAValue, scale: SSAValue, zero: SSAValue | None, to: Attribute) -> SSAValue:
    """(x - zero) * scale in f32, converted to `to`."""
    build = n.build
    if zero is not None and element_of(x) == si32:
        x, zero = n.emit(graph.SubOp(x, zero)), None
    wide = build.cast(x, f32)
    if zero is not None:
        wide = n.emit(graph.SubOp(wide, build.cast(zero, f32)))
    return build.cast(n.emit(graph.MulOp(wide, build.cast(scale, f32))), to)


def ratio(n: Node, a: SSAValue, b: SSAValue, y: SSAValue) -> SSAValue:
    """a * b / y of scales in f32: from units of a product to units of the result."""
    first, second, result = (n.build.cast(s, f32) for s in (a, b, y))
    return n.emit(graph.DivOp(n.emit(graph.MulOp(first, second)), result))
