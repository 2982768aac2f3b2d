"""Which conversions between element types lose nothing."""

from __future__ import annotations

from xdsl.dialects.builtin import Float8E8M0FNUType, IntegerType, Signedness
from xdsl.ir import Attribute

from ..dialects.graph.base import i1
from ..dialects.graph.dtypes import SMALL_FLOATS, numpy_dtype
from ..dialects.graph.elementwise import is_float
from ..dialects.narrowing import is_integer

MANTISSA_BITS: dict[str, int] = {
    **{"float4_e2m1fn": 2, "float8_e4m3fn": 4, "float8_e4m3fnuz": 4, "float8_e5m2": 3, "float8_e5m2fnuz": 3},
    **{"float8_e8m0fnu": 1, "bfloat16": 8, "float16": 11, "float32": 24, "float64": 53},
}
EXPONENT_BITS: dict[str, int] = {
    **{"float4_e2m1fn": 2, "float8_e4m3fn": 4, "float8_e4m3fnuz": 4, "float8_e5m2": 5, "float8_e5m2fnuz": 5},
    **{"float8_e8m0fnu": 8, "bfloat16": 8, "float16": 5, "float32": 8, "float64": 11},
}
"""The smallest numbers of the formats below f16 have more mantissa bits to spare in f16 than their biases differ by."""


def loses_nothing(source: Attribute, target: Attribute) -> bool:
    """Whether every value of `source` is one of `target`, bits of NaN aside; booleans are 0 and 1."""
    if source == target:
        return True
    if source == i1:
        return not isinstance(target, Float8E8M0FNUType)
    if target == i1 or isinstance(target, SMALL_FLOATS):
        return False
    if is_float(target):
        return _fits_float(source, numpy_dtype(target).name)
    return is_integer(source) and is_integer(target) and _fits_integer(source, target)


def _fits_float(source: Attribute, target: str) -> bool:
    if is_integer(source):
        return source.width.data - _is_signed(source) <= MANTISSA_BITS[target]
    name = numpy_dtype(source).name
    return MANTISSA_BITS[name] <= MANTISSA_BITS[target] and EXPONENT_BITS[name] <= EXPONENT_BITS[target]


def _fits_integer(source: IntegerType, target: IntegerType) -> bool:
    before, after = source.width.data, target.width.data
    if _is_signed(source) == _is_signed(target):
        return before <= after
    return not _is_signed(source) and before < after


def _is_signed(element: IntegerType) -> bool:
    return element.signedness.data is Signedness.SIGNED
