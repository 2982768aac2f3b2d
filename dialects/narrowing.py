"""`isinstance` for xDSL's generic attributes, narrowed to what is known without looking at their parameters.

Pyright leaves the parameter of `isinstance(x, VectorType)` unknown, and xDSL's own `isa(x, VectorType[...])` costs 120
microseconds; these cost a call.
"""

from collections.abc import Sequence
from typing import Any, cast

from typing_extensions import TypeIs
from xdsl.dialects.builtin import (
    AnyFloat,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    VectorType,
)
from xdsl.ir import Attribute


def is_vector(value: Attribute) -> TypeIs[VectorType[Attribute]]:
    return isinstance(value, VectorType)


def is_memref(value: Attribute) -> TypeIs[MemRefType[Attribute]]:
    return isinstance(value, MemRefType)


def is_integer(value: Attribute) -> TypeIs[IntegerType]:
    return isinstance(value, IntegerType)


def is_integer_attr(value: Attribute | None) -> TypeIs[IntegerAttr[IntegerType]]:
    return isinstance(value, IntegerAttr)


def is_float_attr(value: Attribute | None) -> TypeIs[FloatAttr[AnyFloat]]:
    return isinstance(value, FloatAttr)


def is_dense(value: Attribute | None) -> TypeIs[DenseIntOrFPElementsAttr[Any]]:
    return isinstance(value, DenseIntOrFPElementsAttr)


def is_integer_array(value: Attribute | None) -> TypeIs[DenseArrayBase[IntegerType]]:
    return isinstance(value, DenseArrayBase)


def integers_of(value: Attribute | None) -> tuple[int, ...]:
    """The values of an `array<i64: ...>` or `array<i32: ...>` property, which must be there."""
    assert is_integer_array(value)
    return value.get_values()


def dense(type: Attribute, values: Sequence[int] | Sequence[float]) -> DenseIntOrFPElementsAttr[Any]:
    """The dense constant of a shaped type; one value is a splat."""
    return DenseIntOrFPElementsAttr.from_list(cast("VectorType[Any]", type), cast("Sequence[int]", values))
