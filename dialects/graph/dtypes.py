"""Element types of the graph dialect and the numpy dtypes that hold them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike
from xdsl.dialects.builtin import IntegerType, Signedness, bf16, f16, f32, f64
from xdsl.ir import Attribute

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
