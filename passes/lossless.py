"""Which conversions between element types lose nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import Attribute

from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import is_float

MANTISSA_BITS: dict[str, int] = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
EXPONENT_BITS: dict[str, int] = {"bfloat16": 8, "float16": 5, "float32": 8, "float64": 11}


def loses_nothing(source: Attribute, target: Attribute) -> bool:
    """Whether every value of `source` is one of `target`, bits of NaN aside; booleans are 0 and 1."""
    if source == target:
        return True
    before, after = numpy_dtype(source), numpy_dtype(target)
    if before.kind == "b":
        return True
    if after.kind == "b":
        return False
    if is_float(target):
        return _fits_float(before, after, is_float(source))
    return not is_float(source) and _integer_bits(before, after)


def _fits_float(before: np.dtype[Any], after: np.dtype[Any], from_float: bool) -> bool:
    if from_float:
        return MANTISSA_BITS[before.name] <= MANTISSA_BITS[after.name] and EXPONENT_BITS[before.name] <= EXPONENT_BITS[after.name]
    bits = before.itemsize * 8 - (before.kind == "i")
    return bits <= MANTISSA_BITS[after.name]


def _integer_bits(before: np.dtype[Any], after: np.dtype[Any]) -> bool:
    if before.kind == after.kind:
        return before.itemsize <= after.itemsize
    return before.kind == "u" and before.itemsize < after.itemsize
