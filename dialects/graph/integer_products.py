"""Contractions of quantized integers, composed of graph ops: what zero points add to a product of the integers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xdsl.ir import Attribute, Operation, SSAValue

from .dims import DimExpr, DimLike
from .elementwise import MulOp, SubOp
from .linalg import ConvOp, MatmulOp, si32
from .movement import PadOp
from .reduction import ReduceOp
from .types import dims_of, rank_of

ONE = DimExpr.of(1)


class Emitter(Protocol):
    """Places ops: the importer's builder, or a rewrite."""

    def emit(self, op: Operation) -> SSAValue: ...

    def reshape(self, x: SSAValue, dims: Sequence[DimLike]) -> SSAValue: ...

    def cast(self, x: SSAValue, element: Attribute) -> SSAValue: ...


def integer_matmul(e: Emitter, a: SSAValue, b: SSAValue, zero_a: SSAValue | None, zero_b: SSAValue | None) -> SSAValue:
    """(a - zero_a) @ (b - zero_b) of 8-bit integers in si32, wrapping; a zero point of `a` is for all or for each row of it.

    The product is of the integers as they are, and sums over rows and columns of them make up for the zero points:
    sum (a - p)(b - q) = sum a b - p sum b - q sum (a - p).
    """
    left, right = rank_of(a) == 1, rank_of(b) == 1
    a = e.reshape(a, (1, *dims_of(a))) if left else a
    b = e.reshape(b, (*dims_of(b), 1)) if right else b
    total = e.emit(MatmulOp(a, b))
    moved = e.cast(a, si32)
    if zero_a is not None:
        zero = _wide(e, zero_a, column=True)
        moved = e.emit(SubOp(moved, zero))
        total = e.emit(SubOp(total, e.emit(MulOp(zero, _sum(e, e.cast(b, si32), -2)))))
    if zero_b is not None:
        zero = _wide(e, zero_b, column=False)
        total = e.emit(SubOp(total, e.emit(MulOp(zero, _sum(e, moved, -1)))))
    *batch, rows, columns = dims_of(total)
    if not (left or right):
        return total
    return e.reshape(total, [*batch, *([] if left else [rows]), *([] if right else [columns])])


def _wide(e: Emitter, zero: SSAValue, column: bool) -> SSAValue:
    """A zero point in si32; a vector stands for the rows of a matrix if `column`, else for its columns."""
    dims = dims_of(zero)
    if all(d == ONE for d in dims):
        zero = e.reshape(zero, ())
    elif len(dims) == 1 and column:
        zero = e.reshape(zero, (*dims, 1))
    return e.cast(zero, si32)


def _sum(e: Emitter, x: SSAValue, axis: int) -> SSAValue:
    return e.emit(ReduceOp(x, "sum", [rank_of(x) + axis], keepdims=True))


@dataclass(frozen=True)
class Geometry:
    """How the window of a convolution moves; `pads` lists all begins, then all ends."""

    strides: list[int]
    pads: list[int]
    dilations: list[int]
    group: int


def integer_conv(
    e: Emitter, x: SSAValue, weight: SSAValue, geometry: Geometry, zero_x: SSAValue | None, zero_w: SSAValue | None
) -> SSAValue:
    """The convolution of (x - zero_x) with (weight - zero_w), 8-bit integers, in si32; the pads stand for zeros.

    A zero point of x is one number: x is padded with it, and its product with the sums over the weight is subtracted. With zero
    points of the weight, which are rare, x and weight are convolved in si32.
    """
    pads = geometry.pads
    if zero_x is not None:
        zero_x = e.reshape(zero_x, ())
        x, pads = _padded(e, x, zero_x, pads), [0] * len(pads)
    if zero_w is not None:
        zero_w = per_channel(e, zero_w, rank_of(weight))
        x, weight = e.cast(x, si32), e.emit(SubOp(e.cast(weight, si32), e.cast(zero_w, si32)))
    total = e.emit(ConvOp(x, weight, None, geometry.strides, pads, geometry.dilations, geometry.group))
    if zero_x is None:
        return total
    sums = e.emit(ReduceOp(e.cast(weight, si32), "sum", range(1, rank_of(weight)), keepdims=False))
    sums = per_channel(e, sums, rank_of(weight) - 1)
    return e.emit(SubOp(total, e.emit(MulOp(sums, e.cast(zero_x, si32)))))


def per_channel(e: Emitter, value: SSAValue, rank: int) -> SSAValue:
    """One number, or one for each output channel, so that it broadcasts to a tensor of which the channels are dim -rank."""
    dims = dims_of(value)
    return e.reshape(value, () if all(d == ONE for d in dims) else (*dims, *[1] * (rank - 1)))


def _padded(e: Emitter, x: SSAValue, value: SSAValue, pads: list[int]) -> SSAValue:
    half = len(pads) // 2
    return e.emit(PadOp(x, [0, 0, *pads[:half]], [0, 0, *pads[half:]], value)) if any(pads) else x
