"""Quantization as arithmetic of the graph dialect: scales and zero points brought to the shape of what they scale."""

from __future__ import annotations

from xdsl.dialects.builtin import Signedness, f32
from xdsl.ir import Attribute, SSAValue

from ..dialects import graph
from ..dialects.graph.base import normalize_axis
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import is_small_float
from ..dialects.graph.linalg import si32
from ..dialects.graph.types import Dims, dims_of, element_of, tensor
from ..dialects.narrowing import is_integer
from .node import Node

ONE = DimExpr.of(1)
MICROSOFT = "com.microsoft"
"""The domain of the ops that onnxruntime's quantizer and optimizer write."""


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


def scalar_or_same(n: Node, value: SSAValue) -> SSAValue:
    """A parameter of one number as a scalar."""
    return n.build.reshape(value, ()) if all(d == ONE for d in dims_of(value)) else value


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
