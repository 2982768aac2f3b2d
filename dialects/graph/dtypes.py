"""Element types of the graph dialect, the numpy dtypes that hold them, and small arrays as attributes."""

from __future__ import annotations

from typing import Any, cast

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike, NDArray
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    Float4E2M1FNType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    f64,
)
from xdsl.ir import Attribute

from ..narrowing import is_integer
from .types import tensor

_INTEGERS = {
    f"{prefix}int{width}": IntegerType(width, signedness)
    for prefix, signedness in (("", Signedness.SIGNED), ("u", Signedness.UNSIGNED))
    for width in (8, 16, 32, 64)
}

_SUB_BYTE = {
    np.dtype(getattr(ml_dtypes, f"{prefix}int{width}")): IntegerType(width, signedness)
    for prefix, signedness in (("", Signedness.SIGNED), ("u", Signedness.UNSIGNED))
    for width in (2, 4)
}
"""Integers below a byte: each takes a byte in memory, of which the high bits are zero."""

SMALL_FLOATS = (
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E5M2Type,
    Float8E5M2FNUZType,
    Float8E8M0FNUType,
    Float4E2M1FNType,
)
"""Floats of a byte or less: each takes a byte in memory. They are moved and cast, and nothing else."""

ELEMENT_TYPES: dict[np.dtype[Any], Attribute] = {
    np.dtype(np.bool_): IntegerType(1),
    **{np.dtype(name): element for name, element in _INTEGERS.items()},
    np.dtype(np.float16): f16,
    np.dtype(ml_dtypes.bfloat16): bf16,
    np.dtype(np.float32): f32,
    np.dtype(np.float64): f64,
    **_SUB_BYTE,
    np.dtype(ml_dtypes.float8_e4m3fn): Float8E4M3FNType(),
    np.dtype(ml_dtypes.float8_e4m3fnuz): Float8E4M3FNUZType(),
    np.dtype(ml_dtypes.float8_e5m2): Float8E5M2Type(),
    np.dtype(ml_dtypes.float8_e5m2fnuz): Float8E5M2FNUZType(),
    np.dtype(ml_dtypes.float8_e8m0fnu): Float8E8M0FNUType(),
    np.dtype(ml_dtypes.float4_e2m1fn): Float4E2M1FNType(),
}

_DTYPES = {element: dtype for dtype, element in ELEMENT_TYPES.items()}


def element_type(dtype: DTypeLike) -> Attribute:
    """The graph element type of a numpy dtype; TypeError if the graph dialect has none."""
    try:
        return ELEMENT_TYPES[np.dtype(dtype)]
    except KeyError:
        raise TypeError(f"the graph dialect has no element type for {np.dtype(dtype)}") from None


def numpy_dtype(element: Attribute) -> np.dtype[Any]:
    """The numpy dtype of a graph element type; TypeError if there is none."""
    try:
        return _DTYPES[element]
    except KeyError:
        raise TypeError(f"{element} is not an element type of the graph dialect") from None


def bits_of(element: Attribute) -> int:
    """Bits of a graph element type as ONNX counts them: a boolean is a byte."""
    assert isinstance(element, FixedBitwidthType)
    return 8 if element.bitwidth == 1 else element.bitwidth


def is_small_float(element: Attribute) -> bool:
    return isinstance(element, SMALL_FLOATS)


def is_sub_byte(element: Attribute) -> bool:
    """Whether this is an integer of 2 or 4 bits."""
    return is_integer(element) and element.width.data in (2, 4)


def numbers_of(array: NDArray[Any]) -> list[float | int]:
    """The elements in row-major order as they are kept in registers: small floats are their bits."""
    element = element_type(array.dtype)
    if is_small_float(element):
        array = np.ascontiguousarray(array).view(np.uint8)
    elif array.dtype in _SUB_BYTE:
        array = array.astype(np.int8)
    return [n.item() for n in array.flat]


DenseValue = DenseIntOrFPElementsAttr[IntegerType | AnyFloat]


def dense_attribute(array: NDArray[Any]) -> DenseValue:
    """A small array as a dense attribute; TypeError if the graph dialect has no element type for it."""
    shaped = np.ascontiguousarray(array).reshape(array.shape)
    packed = shaped.astype(np.int8) if array.dtype in _SUB_BYTE else shaped
    packed = -shaped.astype(np.int8) if array.dtype == np.bool_ else packed  # xDSL stores true as -1
    shape = cast(TensorType[IntegerType | AnyFloat], tensor(element_type(array.dtype), array.shape))
    return DenseIntOrFPElementsAttr(shape, BytesAttr(packed.tobytes()))


def dense_array(attribute: DenseValue) -> NDArray[Any]:
    """The array in a dense attribute, read-only."""
    dtype = numpy_dtype(attribute.get_element_type())
    extended = dtype == np.bool_ or dtype in _SUB_BYTE
    raw = np.frombuffer(attribute.data.data, np.int8 if extended else dtype)
    return (raw.astype(dtype) if extended else raw).reshape(attribute.get_shape())
