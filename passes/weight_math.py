"""Arithmetic on constants: a result is inlined where it is small, else a recipe of the weight store, computed when first read.

Only plain IEEE arithmetic goes through here, so that the same model gives the same bits on every CPU. Half types are computed
in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.source import ConstantOp
from ..dialects.graph.types import tensor
from ..runtime.weights import WeightStore
from .constants import INLINE_BYTES, array_of, constant_of, inline_constant

Array = NDArray[Any]
Recipe = Callable[..., Array]


def is_known(value: SSAValue, store: WeightStore) -> bool:
    """Whether the value is a constant whose array can be read (a weight that the store lacks can't)."""
    constant = constant_of(value)
    return constant is not None and (constant.weight is None or constant.weight in store)


def fold(
    recipe: Recipe, operands: Sequence[SSAValue], shape: Sequence[int], element: Attribute, store: WeightStore, name: str = ""
) -> ConstantOp:
    """The constant `recipe(*arrays of operands)` of this shape and element type; all operands are known (`is_known`).

    The recipe works on float arrays of at least 32 bits; `name` is what a new weight is called after (default: after the first
    operand that is one).
    """
    dtype = numpy_dtype(element)
    exact = _rounded(recipe, dtype, tuple(shape))
    if int(np.prod(shape, dtype=np.int64)) * dtype.itemsize <= INLINE_BYTES:
        return inline_constant(exact(*[_known_array(o, store) for o in operands]))
    keys = [_key(o) for o in operands]
    inline = [None if key is not None else _known_array(o, store) for o, key in zip(operands, keys, strict=True)]

    def compute(*weights: Array) -> Array:
        remaining = iter(weights)
        return exact(*[next(remaining) if array is None else array for array in inline])

    weights = [key for key in keys if key is not None]
    base = name or (weights[0] if weights else "folded")
    attribute = store.derive(store.unique(base), compute, weights, shape, dtype)
    return ConstantOp(attribute, tensor(element, shape))


def _rounded(recipe: Recipe, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Recipe:
    def compute(*arrays: Array) -> Array:
        with np.errstate(all="ignore"):
            result = recipe(*[_widen(a) for a in arrays])
        return np.broadcast_to(result, shape).astype(dtype)

    return compute


def _widen(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.itemsize < 4 and array.dtype.kind not in "iub" else array


def _key(value: SSAValue) -> str | None:
    constant = constant_of(value)
    return None if constant is None else constant.weight


def _known_array(value: SSAValue, store: WeightStore) -> Array:
    array = array_of(value, store)
    assert array is not None, "fold is for constants that are known"
    return array
