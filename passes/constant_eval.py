"""Graph ops on constants, in numpy: what compile time may compute with the same bits on every CPU.

That is integers, data movement, and IEEE arithmetic whose every step is correctly rounded: add, sub, mul, div, sqrt,
comparisons, rounding, casts. Transcendental functions, float sums and contractions aren't here: numpy's bits for those depend
on the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.attrs import DimsAttr
from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.dtypes import is_small_float, is_sub_byte, numpy_dtype
from ..dialects.graph.types import element_of, static_shape

Array = NDArray[Any]


Rule = Callable[[Any, list[Array]], Array]
"""The result of an op from its operands."""


class CannotFold(Exception):
    """This value must be computed at run time: numpy's result would not be that of the kernel, or an error."""


def evaluate(op: Operation, operands: list[Array]) -> Array:
    """The result of a static op in its declared dtype and shape; CannotFold if there is no such rule for these operands."""
    rule = RULES.get(type(op))
    if rule is None:
        raise CannotFold(op.name)
    with np.errstate(all="ignore"):
        try:
            return _checked(rule(op, operands), op.results[0])
        except (IndexError, ValueError) as error:  # a bad index is reported when the model runs
            raise CannotFold(str(error)) from error


def _checked(array: Array, value: SSAValue) -> Array:
    dtype, shape = numpy_dtype(element_of(value)), static_shape(value)
    if array.shape != shape:
        raise CannotFold(f"shape {array.shape} instead of {shape}")
    return array if array.dtype == dtype else array.astype(dtype)


def is_float(array: Array) -> bool:
    return array.dtype.kind == "f" or array.dtype == ml_dtypes.bfloat16


# -- elementwise ----------------------------------------------------------------------------------------------------------


def _div(op: graph.DivOp, lhs: Array, rhs: Array) -> Array:
    if is_float(lhs):
        return lhs / rhs
    if not np.all(rhs):
        raise CannotFold("division by zero")
    quotient = np.floor_divide(lhs, rhs)
    truncated = (np.remainder(lhs, rhs) != 0) & ((lhs < 0) != (rhs < 0))
    return quotient + truncated.astype(lhs.dtype)


def _mod(op: graph.ModOp, lhs: Array, rhs: Array) -> Array:
    if is_float(lhs) or not np.all(rhs):
        raise CannotFold("float remainder or division by zero")
    return np.fmod(lhs, rhs) if flag(op.fmod) else np.mod(lhs, rhs)


def _pow(op: graph.PowOp, lhs: Array, rhs: Array) -> Array:
    if is_float(lhs) or np.any(rhs < 0):
        raise CannotFold("power of floats")
    return np.power(lhs, rhs)


def _shift(shift: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def apply(lhs: Array, rhs: Array) -> Array:
        if np.any(rhs < 0) or np.any(rhs >= lhs.dtype.itemsize * 8):
            raise CannotFold("shift out of range")
        return shift(lhs, rhs)

    return apply


def _cast(op: graph.CastOp, x: Array) -> Array:
    element = element_of(op.result)
    if is_small_float(element) or is_sub_byte(element):
        raise CannotFold("rounding and wrapping are the kernels' own")
    target = numpy_dtype(element)
    if is_small_float(element_of(op.x)):
        x = x.astype(np.float32)
    if target == np.bool_:
        return np.asarray(x != 0)
    if is_float(x) and target.kind in "iu":
        limits = np.iinfo(target)
        wide = x.astype(np.float64)
        if not np.all((wide > limits.min - 1.0) & (wide < limits.max + 1.0)):
            raise CannotFold("float out of the range of the integer type")
    return x.astype(target)


def _bitcast(op: graph.BitcastOp, x: Array) -> Array:
    target = numpy_dtype(element_of(op.result))
    return x.astype(np.bool_) if target == np.bool_ else np.ascontiguousarray(x).reshape(x.shape).view(target)


def _clip(op: graph.ClipOp, x: Array) -> Array:
    low = x if op.min is None else np.maximum(x, np.asarray(op.min.value.data).astype(x.dtype))
    return low if op.max is None else np.minimum(low, np.asarray(op.max.value.data).astype(x.dtype))


def _leaky_relu(op: graph.LeakyReluOp, x: Array) -> Array:
    return np.where(x >= 0, x, x * np.asarray(op.alpha.value.data).astype(x.dtype))


def _is_inf(op: graph.IsInfOp, x: Array) -> Array:
    signs = (x > 0) & flag(op.detect_positive) | (x < 0) & flag(op.detect_negative)
    return np.isinf(x) & signs


UNARY: dict[type[Operation], Callable[[Array], Array]] = {
    graph.SqrtOp: np.sqrt,
    graph.ReciprocalOp: lambda x: np.asarray(1, x.dtype) / x,
    graph.AbsOp: np.abs,
    graph.NegOp: np.negative,
    graph.SignOp: np.sign,
    graph.ReluOp: lambda x: np.maximum(x, np.asarray(0, x.dtype)),
    graph.FloorOp: np.floor,
    graph.CeilOp: np.ceil,
    graph.RoundOp: np.rint,
    graph.NotOp: np.logical_not,
    graph.BitwiseNotOp: np.invert,
    graph.IsNanOp: np.isnan,
    graph.IdentityOp: lambda x: x,
}

BINARY: dict[type[Operation], Callable[[Array, Array], Array]] = {
    graph.AddOp: np.add,
    graph.SubOp: np.subtract,
    graph.MulOp: np.multiply,
    graph.MinOp: np.minimum,
    graph.MaxOp: np.maximum,
    graph.PreluOp: lambda x, slope: np.where(x >= 0, x, x * slope),
    graph.LessOp: np.less,
    graph.LessEqualOp: np.less_equal,
    graph.GreaterOp: np.greater,
    graph.GreaterEqualOp: np.greater_equal,
    graph.EqualOp: np.equal,
    graph.AndOp: np.logical_and,
    graph.OrOp: np.logical_or,
    graph.XorOp: np.logical_xor,
    graph.BitwiseAndOp: np.bitwise_and,
    graph.BitwiseOrOp: np.bitwise_or,
    graph.BitwiseXorOp: np.bitwise_xor,
    graph.ShiftLeftOp: _shift(np.left_shift),
    graph.ShiftRightOp: _shift(np.right_shift),
}

ELEMENTWISE: dict[type[Operation], Rule] = {
    **{kind: lambda op, a, f=f: f(a[0]) for kind, f in UNARY.items()},
    **{kind: lambda op, a, f=f: f(a[0], a[1]) for kind, f in BINARY.items()},
    graph.DivOp: lambda op, a: _div(op, *a),
    graph.ModOp: lambda op, a: _mod(op, *a),
    graph.PowOp: lambda op, a: _pow(op, *a),
    graph.CastOp: lambda op, a: _cast(op, *a),
    graph.BitcastOp: lambda op, a: _bitcast(op, *a),
    graph.ClipOp: lambda op, a: _clip(op, *a),
    graph.LeakyReluOp: lambda op, a: _leaky_relu(op, *a),
    graph.IsInfOp: lambda op, a: _is_inf(op, *a),
    graph.WhereOp: lambda op, a: np.where(a[0], a[1], a[2]),
}


# -- data movement --------------------------------------------------------------------------------------------------------


def _numbers(dims: DimsAttr) -> list[int]:
    """The dims as integers; CannotFold where one is symbolic."""
    if not all(d.is_static for d in dims.data):
        raise CannotFold("symbolic dims")
    return [d.value for d in dims.data]


def _slice(op: graph.SliceOp, x: Array) -> Array:
    rows = zip(_numbers(op.starts), _numbers(op.steps), static_shape(op.result), strict=True)
    return x[tuple(_range(start, step, size) for start, step, size in rows)]


def _range(start: int, step: int, size: int) -> slice:
    """The Python slice of `size` elements from `start`."""
    end = start + step * size
    return slice(start, end if end >= 0 else None, step) if size else slice(0, 0)


def _pad(op: graph.PadOp, x: Array, value: Array | None = None) -> Array:
    low, high = _numbers(op.low), _numbers(op.high)
    kept = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(low, high, x.shape, strict=True))]
    widths = [(max(a, 0), max(b, 0)) for a, b in zip(low, high, strict=True)]
    if op.mode.data == "constant":
        return np.pad(kept, widths, constant_values=0 if value is None else value.item())
    modes: dict[str, Literal["reflect", "edge", "wrap"]] = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}
    return np.pad(kept, widths, modes[op.mode.data])


def _gather_nd(op: graph.GatherNdOp, x: Array, indices: Array) -> Array:
    batch, depth = integer(op.batch_dims), indices.shape[-1]
    leading = np.indices(indices.shape[:batch], sparse=True)
    lead = [i.reshape(i.shape + (1,) * (indices.ndim - 1 - batch)) for i in leading]
    return x[(*lead, *(indices[..., d] for d in range(depth)))]


def _scatter_elements(op: graph.ScatterElementsOp, x: Array, indices: Array, updates: Array) -> Array:
    where: list[Array] = list(np.indices(indices.shape, sparse=True))
    where[integer(op.axis)] = indices
    return _scattered(op.reduction.data, x, tuple(where), updates)


def _scatter_nd(op: graph.ScatterNdOp, x: Array, indices: Array, updates: Array) -> Array:
    return _scattered(op.reduction.data, x, tuple(np.moveaxis(indices, -1, 0)), updates)


def _scattered(reduction: str, x: Array, where: tuple[Array, ...], updates: Array) -> Array:
    if reduction != "none" and is_float(x):
        raise CannotFold("order of float sums")
    result = x.copy()
    combine = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}.get(reduction)
    if combine is None:
        result[where] = updates
    else:
        combine.at(result, where, updates)
    return result


def _one_hot(op: graph.OneHotOp, indices: Array, depth: Array, values: Array) -> Array:
    axis, shape = integer(op.axis), static_shape(op.result)
    positions = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    wrapped = np.expand_dims(np.where(indices < 0, indices + shape[axis], indices), axis)
    return values[(positions == wrapped).astype(np.int64)]


def _arange(op: graph.RangeOp, start: Array, limit: Array, delta: Array) -> Array:
    """Integers only: a float range may be computed with or without fused multiply-add."""
    if is_float(start):
        raise CannotFold("float range")
    return np.asarray(start + np.arange(static_shape(op.result)[0]).astype(start.dtype) * delta)


MOVEMENT: dict[type[Operation], Rule] = {
    graph.TransposeOp: lambda op, a: np.transpose(a[0], ints(op.perm)),
    graph.ReshapeOp: lambda op, a: a[0].reshape(static_shape(op.result)),
    graph.BroadcastOp: lambda op, a: np.broadcast_to(a[0], static_shape(op.result)),
    graph.SliceOp: lambda op, a: _slice(op, *a),
    graph.ConcatOp: lambda op, a: np.concatenate(a, integer(op.axis)),
    graph.PadOp: lambda op, a: _pad(op, *a),
    graph.TriluOp: lambda op, a: (np.triu if flag(op.upper) else np.tril)(a[0], integer(op.k)),
    graph.GatherOp: lambda op, a: np.take(a[0], a[1], integer(op.axis)),
    graph.GatherElementsOp: lambda op, a: np.take_along_axis(a[0], a[1], integer(op.axis)),
    graph.GatherNdOp: lambda op, a: _gather_nd(op, *a),
    graph.ScatterElementsOp: lambda op, a: _scatter_elements(op, *a),
    graph.ScatterNdOp: lambda op, a: _scatter_nd(op, *a),
    graph.OneHotOp: lambda op, a: _one_hot(op, *a),
    graph.RangeOp: lambda op, a: _arange(op, *a),
}


# -- along axes -----------------------------------------------------------------------------------------------------------


def _largest(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The maximum, where +0 is larger than -0: which of them numpy gives depends on the processor and the memory order."""
    top: Array = np.asarray(np.max(x, axes, keepdims=keepdims))
    if x.dtype.kind != "f":
        return top
    positive = np.any((x == 0) & ~np.signbit(x), axes, keepdims=keepdims)
    return np.asarray(np.where((top == 0) & positive, np.abs(top), top))


def _least(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The minimum, where -0 is smaller than +0."""
    return -_largest(-x, axes, keepdims) if x.dtype.kind == "f" else np.asarray(np.min(x, axes, keepdims=keepdims))


EXACT_FOR_FLOATS = ("max", "min")
REDUCE: dict[str, Callable[[Array, tuple[int, ...], bool], Array]] = {
    "sum": lambda x, axes, keep: np.asarray(np.sum(x, axes, keepdims=keep, dtype=x.dtype)),
    "prod": lambda x, axes, keep: np.asarray(np.prod(x, axes, keepdims=keep, dtype=x.dtype)),
    "max": _largest,
    "min": _least,
}


def _reduce(op: graph.ReduceOp, x: Array) -> Array:
    kind = REDUCE.get(op.kind.data)
    if kind is None or (is_float(x) and op.kind.data not in EXACT_FOR_FLOATS):
        raise CannotFold(op.kind.data)
    return kind(x, ints(op.axes), flag(op.keepdims))


def _cumsum(op: graph.CumsumOp, x: Array) -> Array:
    if is_float(x):
        raise CannotFold("float sums")
    axis = integer(op.axis)
    turned = np.flip(x, axis) if flag(op.reverse) else x
    sums = np.cumsum(turned, axis, dtype=x.dtype) - (turned if flag(op.exclusive) else np.asarray(0, x.dtype))
    return np.flip(sums, axis) if flag(op.reverse) else sums


def _arg_reduce(op: graph.ArgReduceOp, x: Array) -> Array:
    axis, find, keep = integer(op.axis), np.argmax if op.kind.data == "max" else np.argmin, flag(op.keepdims)
    if not flag(op.select_last_index):
        return np.asarray(find(x, axis=axis, keepdims=keep))
    return np.asarray(x.shape[axis] - 1 - find(np.flip(x, axis), axis=axis, keepdims=keep))


RULES: dict[type[Operation], Rule] = {
    **ELEMENTWISE,
    **MOVEMENT,
    graph.ReduceOp: lambda op, a: _reduce(op, *a),
    graph.CumsumOp: lambda op, a: _cumsum(op, *a),
    graph.ArgReduceOp: lambda op, a: _arg_reduce(op, *a),
}
