"""Building and reading graph tensor types; interned, because constructing xDSL types costs about 0.1 ms each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from xdsl.dialects.builtin import DYNAMIC_INDEX, NoneAttr, TensorType
from xdsl.ir import Attribute, SSAValue

from .attrs import TensorEncodingAttr
from .dims import DimExpr, DimLike, product

_DIMS = "tilewright_dims"
_ANONYMOUS = re.compile(r"_\d+")

Dims = tuple[DimExpr, ...]
AnyTensor = TensorType[Attribute]


def tensor(element: Attribute, dims: Sequence[DimLike], order: Sequence[int] | None = None) -> AnyTensor:
    """The tensor type of these logical dims; `order` lists them from outermost to innermost in memory (None: row-major)."""
    canonical = tuple(order) if order is not None and list(order) != list(range(len(dims))) else None
    return _tensor(element, tuple(DimExpr.of(d) for d in dims), canonical)


@lru_cache(maxsize=65536)
def _tensor(element: Attribute, dims: Dims, order: tuple[int, ...] | None) -> AnyTensor:
    shape = [d.value if d.is_static else DYNAMIC_INDEX for d in dims]
    symbolic = dims if DYNAMIC_INDEX in shape else None
    encoding = NoneAttr() if symbolic is None and order is None else TensorEncodingAttr((symbolic, order))
    return TensorType(element, shape, encoding)


def tensor_type(value: SSAValue | Attribute) -> AnyTensor:
    """The tensor type of a value (or the type itself); TypeError when it is something else."""
    candidate = value.type if isinstance(value, SSAValue) else value
    if not isinstance(candidate, TensorType):
        raise TypeError(f"expected a tensor type, got {candidate}")
    return candidate  # pyright: ignore[reportUnknownVariableType]  # isinstance cannot bind the element type


def retype(value: SSAValue, new: Attribute) -> None:
    """Give a value another type in place; its users stay."""
    value._type = new  # pyright: ignore[reportPrivateUsage]  # xDSL would build a new value


def _dims(tensor: AnyTensor) -> Dims:
    encoding = tensor.encoding
    if isinstance(encoding, TensorEncodingAttr) and encoding.dims is not None:
        return encoding.dims
    shape = tensor.get_shape()
    return tuple(DimExpr.symbol(f"_{i}") if d == DYNAMIC_INDEX else DimExpr.of(d) for i, d in enumerate(shape))


def dims_of(value: SSAValue | Attribute) -> Dims:
    """The logical dims; a dynamic dim without an encoding reads as the anonymous symbol `_<index>`."""
    found = tensor_type(value)
    cache = vars(found)  # a lookup by the type would hash all of it each time
    if _DIMS not in cache:
        cache[_DIMS] = _dims(found)
    return cache[_DIMS]


def is_anonymous(dim: DimExpr) -> bool:
    """Whether nothing is known of the dim: it, or a part of it, has no name."""
    return any(_ANONYMOUS.fullmatch(s) for s in dim.symbols)


def rank_of(value: SSAValue | Attribute) -> int:
    return len(dims_of(value))


def order_of(value: SSAValue | Attribute) -> tuple[int, ...]:
    """The logical dims from outermost to innermost in memory."""
    found = tensor_type(value)
    encoding = found.encoding
    if isinstance(encoding, TensorEncodingAttr) and encoding.order is not None:
        return encoding.order
    return tuple(range(found.get_num_dims()))


def element_of(value: SSAValue | Attribute) -> Attribute:
    return tensor_type(value).element_type


def is_static(value: SSAValue | Attribute) -> bool:
    return all(d.is_static for d in dims_of(value))


def static_shape(value: SSAValue | Attribute) -> tuple[int, ...]:
    """The dims as integers; ValueError when one is symbolic."""
    return tuple(d.value for d in dims_of(value))


def numel(value: SSAValue | Attribute) -> DimExpr:
    return product(dims_of(value))


def with_order(value: SSAValue | Attribute, order: Sequence[int] | None) -> AnyTensor:
    """The same logical type stored in another order."""
    return tensor(element_of(value), dims_of(value), order)


def with_element(value: SSAValue | Attribute, element: Attribute) -> AnyTensor:
    encoding = tensor_type(value).encoding
    order = encoding.order if isinstance(encoding, TensorEncodingAttr) else None
    return tensor(element, dims_of(value), order)


def physical_strides(value: SSAValue | Attribute) -> Dims:
    """Element strides of the logical dims for a dense tensor in its memory order."""
    dims = dims_of(value)
    strides: dict[int, DimExpr] = {}
    running = DimExpr.of(1)
    for axis in reversed(order_of(value)):
        strides[axis] = running
        running = running * dims[axis]
    return tuple(strides[axis] for axis in range(len(dims)))


def stretched_dims(*shapes: Sequence[DimExpr]) -> tuple[Dims, list[DimExpr]]:
    """Numpy broadcasting where any symbol may turn out to be 1: the dims, and what must not be negative for them to be right.

    ValueError where numbers clash.
    """
    rank = max((len(s) for s in shapes), default=0)
    result: list[DimExpr] = []
    conditions: list[DimExpr] = []
    for axis in range(rank):
        total = DimExpr.of(1)
        for shape in shapes:
            if axis - rank + len(shape) >= 0:
                total, found = _stretched(total, shape[axis - rank + len(shape)])
                conditions += found
        result.append(total)
    return tuple(result), conditions


def _stretched(a: DimExpr, b: DimExpr) -> tuple[DimExpr, list[DimExpr]]:
    """Two dims broadcast to each other: equal, or one of them is 1."""
    one = DimExpr.of(1)
    if a == b or one in (a, b):
        return (b if a == one else a), []
    if a.is_static and b.is_static:
        raise ValueError(f"cannot broadcast dims {a}, {b}")
    differ = [d.max(-d).min(1) for d in (a - one, b - one, a - b)]
    condition = -product(differ)
    if a.is_static or b.is_static:
        return (a if a.is_static else b), [condition]
    return a.max(b) * a.min(1) * b.min(1), [condition]


def broadcast_dims(*shapes: Sequence[DimExpr]) -> Dims:
    """Numpy broadcasting of symbolic shapes; a symbol against another dim is an error unless they are equal.

    Raises ValueError naming the dims that clash.
    """
    rank = max((len(s) for s in shapes), default=0)
    one = DimExpr.of(1)
    result: list[DimExpr] = []
    for axis in range(rank):
        candidates = [s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0]
        distinct = list(dict.fromkeys(c for c in candidates if c != one))
        if len(distinct) > 1:
            raise ValueError(f"cannot broadcast dims {', '.join(map(str, distinct))} (axis {axis - rank})")
        result.append(distinct[0] if distinct else one)
    return tuple(result)
