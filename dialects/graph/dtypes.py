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
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    f64,
)
from xdsl.ir import Attribute

from .types import tensor

_INTEGERS = {
    f"{prefix}int{width}": IntegerType(width, signedness)
    for prefix, signedness in (("", Signedness.SIGNED), ("u", Signedness.UNSIGNED))
    for width in (8, 16, 32, 64)
}

ELEMENT_TYPES: dict[np.dtype[Any], Attribute] = {
    np.dtype(np.bool_): IntegerType(1),
    **{np.dtype(name): element for name, element in _INTEGERS.items()},
    np.dtype(np.float16): f16,
    np.dtype(ml_dtypes.bfloat16): bf16,
    np.dtype(np.float32): f32,
    np.dtype(np.float64): f64,
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


DenseValue = DenseIntOrFPElementsAttr[IntegerType | AnyFloat]


def dense_attribute(array: NDArray[Any]) -> DenseValue:
    """A small array as a dense attribute; TypeError if the graph dialect has no element type for it."""
    shaped = np.ascontiguousarray(array).reshape(array.shape)
    packed = -shaped.astype(np.int8) if array.dtype == np.bool_ else shaped  # xDSL stores true as -1
    shape = cast(TensorType[IntegerType | AnyFloat], tensor(element_type(array.dtype), array.shape))
    return DenseIntOrFPElementsAttr(shape, BytesAttr(packed.tobytes()))


def dense_array(attribute: DenseValue) -> NDArray[Any]:
    """The array in a dense attribute, read-only."""
    dtype = numpy_dtype(attribute.get_element_type())
    raw = np.frombuffer(attribute.data.data, np.int8 if dtype == np.bool_ else dtype)
    return (raw.astype(np.bool_) if dtype == np.bool_ else raw).reshape(attribute.get_shape())
