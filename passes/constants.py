"""Reading and making constants in passes: inline dense values and entries of the session's weight store alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.dtypes import dense_array, dense_attribute, element_type, numpy_dtype
from ..dialects.graph.source import ConstantOp
from ..dialects.graph.types import tensor
from ..runtime.weights import WeightStore

Array = NDArray[Any]

INLINE_BYTES = 1024
"""Up to this size a constant stands in the IR; a larger one is an entry of the weight store."""


def constant_of(value: SSAValue) -> ConstantOp | None:
    """The constant that defines `value`, or None."""
    owner = value.owner
    return owner if isinstance(owner, ConstantOp) else None


def array_of(value: SSAValue, store: WeightStore) -> Array | None:
    """The array of a constant value, read-only; None if it is no constant or its weight isn't in the store.

    Computes the weight if it is still a recipe.
    """
    constant = constant_of(value)
    if constant is None:
        return None
    if constant.dense is not None:
        return dense_array(constant.dense)
    key = constant.weight
    return store[key] if key is not None and key in store else None


def splat_of(value: SSAValue, store: WeightStore) -> Any | None:
    """The one value (a numpy scalar) that a constant repeats in all its elements, else None. Computes no recipe."""
    constant = constant_of(value)
    if constant is None:
        return None
    if constant.weight is not None:
        return store.splat(constant.weight) if constant.weight in store else None
    array = array_of(value, store)
    assert array is not None
    if array.size == 0:
        return None
    first = array[(0,) * array.ndim]
    return first if array.size == 1 or array.tobytes() == first.tobytes() * array.size else None


def inline_constant(array: Array, order: Sequence[int] | None = None) -> ConstantOp:
    """A constant with its value in the IR."""
    declared = None if order is None else tensor(element_type(array.dtype), array.shape, order)
    return ConstantOp(dense_attribute(array), declared)


def make_constant(array: Array, store: WeightStore, name: str = "constant") -> ConstantOp:
    """A constant for `array`: in the IR up to INLINE_BYTES, else a new entry of the store under a free key like `name`."""
    if array.nbytes <= INLINE_BYTES:
        return inline_constant(array)
    return ConstantOp(store.add(store.unique(name), array), tensor(element_type(array.dtype), array.shape))


def make_splat(value: Any, dims: Sequence[int], store: WeightStore, name: str = "splat") -> ConstantOp:
    """A constant that repeats a numpy scalar; takes no memory however large it is."""
    return make_constant(np.broadcast_to(np.asarray(value), tuple(dims)), store, name)


def scalar_constant(value: float | int | bool, element: Attribute) -> ConstantOp:
    """A rank-0 constant of a graph element type."""
    return inline_constant(np.array(value).astype(numpy_dtype(element)))
