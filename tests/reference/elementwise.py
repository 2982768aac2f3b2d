"""Elementwise ops: functions of float64 (or integer, or boolean) arrays, one row an op."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from onnx.numpy_helper import saturate_cast, to_float8e8m0
from xdsl.dialects.builtin import Float8E8M0FNUType

from tilewright.dialects import graph
from tilewright.dialects.graph.dtypes import SMALL_FLOATS, numpy_dtype
from tilewright.dialects.graph.types import element_of

Array = NDArray[Any]
erf = cast(Callable[[Array], Array], np.vectorize(math.erf, otypes=[np.float64]))
HALVES = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))


def is_float(array: Array) -> bool:
    return array.dtype.kind == "f" or array.dtype in HALVES


def widen(array: Array) -> Array:
    """Floats as float64; the rest as it is."""
    return array.astype(np.float64) if is_float(array) else array


def softplus(x: Array) -> Array:
    return np.logaddexp(x, 0.0)


def sigmoid(x: Array) -> Array:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def gelu(x: Array, approximate: str) -> Array:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


UNARY: dict[type[graph.UnaryOp], Callable[[Array], Array]] = {
    graph.ExpOp: np.exp,
    graph.LogOp: np.log,
    graph.SqrtOp: np.sqrt,
    graph.RsqrtOp: lambda x: 1 / np.sqrt(x),
    graph.ReciprocalOp: lambda x: 1 / x,
    graph.SinOp: np.sin,
    graph.CosOp: np.cos,
    graph.TanOp: np.tan,
    graph.SinhOp: np.sinh,
    graph.CoshOp: np.cosh,
    graph.AsinOp: np.arcsin,
    graph.AcosOp: np.arccos,
    graph.AtanOp: np.arctan,
    graph.AsinhOp: np.arcsinh,
    graph.AcoshOp: np.arccosh,
    graph.AtanhOp: np.arctanh,
    graph.TanhOp: np.tanh,
    graph.SigmoidOp: sigmoid,
    graph.ErfOp: erf,
    graph.SoftsignOp: lambda x: x / (1 + np.abs(x)),
    graph.SoftplusOp: softplus,
    graph.MishOp: lambda x: x * np.tanh(softplus(x)),
    graph.SiluOp: lambda x: x * sigmoid(x),
    graph.HardSwishOp: lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    graph.AbsOp: np.abs,
    graph.NegOp: np.negative,
    graph.SignOp: np.sign,
    graph.ReluOp: lambda x: np.maximum(x, 0),
    graph.FloorOp: np.floor,
    graph.CeilOp: np.ceil,
    graph.RoundOp: np.round,
    graph.NotOp: np.logical_not,
    graph.BitwiseNotOp: np.invert,
    graph.IsNanOp: np.isnan,
    graph.IdentityOp: lambda x: x,
}


def divide(lhs: Array, rhs: Array) -> Array:
    """Floats divide; integers truncate towards zero."""
    if lhs.dtype.kind == "f":
        return lhs / rhs
    quotient = np.abs(lhs) // np.abs(rhs)
    return np.where((lhs < 0) != (rhs < 0), -quotient, quotient).astype(lhs.dtype)


def shift_right(lhs: Array, rhs: Array) -> Array:
    """A negative amount is out of range as a large one is."""
    bits = np.iinfo(lhs.dtype).bits
    return np.right_shift(lhs, np.where(rhs < 0, bits, rhs).astype(rhs.dtype))


BINARY: dict[type[graph.BinaryOp], Callable[[Array, Array], Array]] = {
    graph.AddOp: np.add,
    graph.SubOp: np.subtract,
    graph.MulOp: np.multiply,
    graph.DivOp: divide,
    graph.PowOp: np.power,
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
    graph.ShiftLeftOp: np.left_shift,
    graph.ShiftRightOp: shift_right,
}


def _clip(op: graph.ClipOp, x: Array) -> Array:
    low = x if op.min is None else np.maximum(x, op.min.value.data)
    return low if op.max is None else np.minimum(low, op.max.value.data)


def _is_inf(op: graph.IsInfOp, x: Array) -> Array:
    positive, negative = bool(op.detect_positive.value.data), bool(op.detect_negative.value.data)
    return (np.isposinf(x) & positive) | (np.isneginf(x) & negative)


def _elu(x: Array, alpha: float, gamma: float = 1.0) -> Array:
    return gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(op: graph.CeluOp, x: Array) -> Array:
    alpha = op.alpha.value.data
    return np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha))


ATTRIBUTED: dict[type[graph.UnaryOp], Callable[[Any, Array], Array]] = {
    graph.LeakyReluOp: lambda op, x: np.where(x >= 0, x, op.alpha.value.data * x),
    graph.EluOp: lambda op, x: _elu(x, op.alpha.value.data),
    graph.CeluOp: _celu,
    graph.SeluOp: lambda op, x: _elu(x, op.alpha.value.data, op.gamma.value.data),
    graph.ThresholdedReluOp: lambda op, x: np.where(x > op.alpha.value.data, x, 0),
    graph.HardSigmoidOp: lambda op, x: np.clip(op.alpha.value.data * x + op.beta.value.data, 0, 1),
    graph.IsInfOp: _is_inf,
    graph.ClipOp: _clip,
    graph.GeluOp: lambda op, x: gelu(x, op.approximate.data),
}


def cast_to(op: graph.CastOp, x: Array) -> Array:
    """One conversion of the unwidened operand, as ONNX does it."""
    element = element_of(op.result)
    target, saturate = numpy_dtype(element), bool(op.saturate.value.data)
    if isinstance(element, Float8E8M0FNUType):
        return to_float8e8m0(x, saturate, op.round_mode.data)
    if isinstance(element, SMALL_FLOATS) and saturate:
        return saturate_cast(x.astype(np.float64), target)
    return x.astype(np.float64) != 0 if target.kind == "b" else x.astype(target)


def bitcast_to(op: graph.BitcastOp, x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(x.shape).view(numpy_dtype(element_of(op.result)))


def mod(op: graph.ModOp, lhs: Array, rhs: Array) -> Array:
    return np.fmod(lhs, rhs) if op.fmod.value.data else np.mod(lhs, rhs)
