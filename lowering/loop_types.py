"""Types and constants of the loops stage; interned, because constructing xDSL types is slow."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StridedLayoutAttr,
    VectorType,
)
from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.dtypes import SMALL_FLOATS

INDEX = IndexType()


def storage_type(element: Attribute) -> Attribute:
    """How an element lies in memory: nothing takes less than a byte, integers lose their sign, small floats are their bits."""
    width = integer_width(element)
    return element if width is None else _signless(max(width, 8))


def compute_type(element: Attribute) -> Attribute:
    """The signless type an element has in registers: i1 for booleans, else at least a byte."""
    width = integer_width(element)
    return element if width is None else _signless(width if width == 1 else max(width, 8))


def integer_width(element: Attribute) -> int | None:
    """Bits of an element type that is kept in integers, as small floats are; None for other types."""
    if isinstance(element, IntegerType):
        return cast(IntegerType, element).width.data
    return element.bitwidth if isinstance(element, SMALL_FLOATS) else None


def bit_width(element: Attribute) -> int:
    """Bits that an integer or float type takes in a vector."""
    width = integer_width(element)
    return cast(AnyFloat, element).bitwidth if width is None else width if width == 1 else max(width, 8)


@lru_cache(maxsize=64)
def _signless(width: int) -> IntegerType:
    return IntegerType(width)


@lru_cache(maxsize=1024)
def vector_type(element: Attribute, lanes: int) -> VectorType[Attribute]:
    return VectorType(element, [lanes])


@lru_cache(maxsize=1024)
def flat_memref(element: Attribute) -> MemRefType[Attribute]:
    """`memref<?xT>`, the type of every buffer argument."""
    return MemRefType(element, [DYNAMIC_INDEX])


@lru_cache(maxsize=4096)
def view_type(element: Attribute, sizes: tuple[int, ...], strides: tuple[int, ...], offset: int) -> MemRefType[Attribute]:
    """A strided memref; DYNAMIC_INDEX stands for what is not known."""
    dynamic = [None if s == DYNAMIC_INDEX else s for s in strides]
    return MemRefType(element, sizes, StridedLayoutAttr(dynamic, None if offset == DYNAMIC_INDEX else offset))


def element_type(view: SSAValue) -> Attribute:
    """The element type of a memref value."""
    return cast("MemRefType[Attribute]", type_of(view)).element_type


def type_of(value: SSAValue) -> Attribute:
    """The type of a value, without the type parameter that pyright cannot know."""
    return value.type


def is_vector(value: SSAValue) -> bool:
    return isinstance(type_of(value), VectorType)


def scalar_type(type_: Attribute) -> Attribute:
    """The element type of a vector type; any other type itself."""
    return cast("VectorType[Attribute]", type_).element_type if isinstance(type_, VectorType) else type_


@lru_cache(maxsize=1024)
def prints_as_bits(value: float | int, element: Attribute) -> bool:
    """Whether MLIR text spells this float as hexadecimal bits, as it does infinities and NaN.

    xDSL reads such bits back in a scalar attribute, but as an integer in a dense one, so no dense constant may hold them.
    """
    return isinstance(element, AnyFloat) and "0x" in str(FloatAttr(float(value), element))


def constant_attr(type_: Attribute, value: float | int) -> Attribute:
    """The value of `arith.constant`: a scalar, or a splat for a vector type."""
    if isinstance(type_, VectorType):
        return DenseIntOrFPElementsAttr.from_list(cast("VectorType[AnyFloat]", type_), [value])
    if isinstance(type_, AnyFloat):
        return FloatAttr(float(value), type_)
    return IntegerAttr(int(value), cast(IndexType, type_))


def iota_attr(type_: Attribute, lanes: int) -> Attribute:
    """The value of `arith.constant`: the integers from 0 on."""
    return DenseIntOrFPElementsAttr.from_list(cast("VectorType[IntegerType]", type_), list(range(lanes)))
