"""Reductions, softmax, sorting and normalisation on float64 (or integer) arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph

Array = NDArray[Any]


def _log_sum_exp(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.sum(np.exp(x - top), axis=axis, keepdims=keepdims)) + (top if keepdims else np.squeeze(top, axis))


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


KINDS: dict[str, Callable[[Array, tuple[int, ...], bool], Array]] = {
    "sum": lambda x, axes, keep: np.sum(x, axes, keepdims=keep),
    "mean": lambda x, axes, keep: np.mean(x, axes, keepdims=keep),
    "max": _largest,
    "min": _least,
    "prod": lambda x, axes, keep: np.prod(x, axes, keepdims=keep),
    "l1": lambda x, axes, keep: np.sum(np.abs(x), axes, keepdims=keep),
    "l2": lambda x, axes, keep: np.sqrt(np.sum(x * x, axes, keepdims=keep)),
    "log_sum": lambda x, axes, keep: np.log(np.sum(x, axes, keepdims=keep)),
    "log_sum_exp": _log_sum_exp,
    "sum_square": lambda x, axes, keep: np.sum(x * x, axes, keepdims=keep),
}


def reduce(op: graph.ReduceOp, x: Array) -> Array:
    """Without axes each element is reduced on its own."""
    kind, axes = KINDS[op.kind.data], op.axes.get_values()
    return kind(x, tuple(axes), bool(op.keepdims.value.data)) if axes else kind(x[None], (0,), False)


def arg_reduce(op: graph.ArgReduceOp, x: Array) -> Array:
    axis, find = op.axis.value.data, np.argmax if op.kind.data == "max" else np.argmin
    if not op.select_last_index.value.data:
        return find(x, axis=axis, keepdims=bool(op.keepdims.value.data))
    return x.shape[axis] - 1 - find(np.flip(x, axis), axis=axis, keepdims=bool(op.keepdims.value.data))


def softmax(op: graph.SoftmaxOp, x: Array) -> Array:
    powers = np.exp(x - x.max(op.axis.value.data, keepdims=True))
    return powers / powers.sum(op.axis.value.data, keepdims=True)


def log_softmax(op: graph.LogSoftmaxOp, x: Array) -> Array:
    shifted = x - x.max(op.axis.value.data, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(op.axis.value.data, keepdims=True))


def cumsum(op: graph.CumsumOp, x: Array) -> Array:
    axis = op.axis.value.data
    turned = np.flip(x, axis) if op.reverse.value.data else x
    sums = np.cumsum(turned, axis, dtype=x.dtype) - (turned if op.exclusive.value.data else 0)
    return np.flip(sums, axis) if op.reverse.value.data else sums


def cumprod(op: graph.CumprodOp, x: Array) -> Array:
    axis = op.axis.value.data
    turned = np.flip(x, axis) if op.reverse.value.data else x
    products = np.cumprod(turned, axis, dtype=x.dtype)
    if op.exclusive.value.data:
        first = np.ones_like(np.take(products, [0], axis))
        products = np.concatenate([first, np.delete(products, -1, axis)], axis)
    return np.flip(products, axis) if op.reverse.value.data else products


def top_k(op: graph.TopKOp, x: Array, k: int) -> tuple[Array, Array]:
    axis = op.axis.value.data
    keys = np.moveaxis(x, axis, -1)
    if op.largest.value.data:
        keys = ~keys if keys.dtype.kind in "iu" else -keys  # no negative of an unsigned number
    order = np.argsort(keys, axis=-1, kind="stable")[..., :k]
    indices = np.moveaxis(order, -1, axis)
    return np.take_along_axis(x, indices, axis), indices


def normalise(x: Array, axes: Sequence[int], epsilon: float) -> Array:
    """Zero mean and unit variance over axes."""
    mean, variance = x.mean(tuple(axes), keepdims=True), x.var(tuple(axes), keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


def per_channel(parameter: Array, rank: int) -> Array:
    return parameter.reshape(1, -1, *[1] * (rank - 2))


def batch_norm(op: graph.BatchNormOp, x: Array, scale: Array, bias: Array, mean: Array, var: Array) -> Array:
    s, b, m, v = (per_channel(p, x.ndim) for p in (scale, bias, mean, var))
    return s * (x - m) / np.sqrt(v + op.epsilon.value.data) + b


def layer_norm(op: graph.LayerNormOp, x: Array, scale: Array, bias: Array | None) -> Array:
    result = scale * normalise(x, range(op.axis.value.data, x.ndim), op.epsilon.value.data)
    return result if bias is None else result + bias


def rms_norm(op: graph.RmsNormOp, x: Array, scale: Array) -> Array:
    axes = tuple(range(op.axis.value.data, x.ndim))
    return scale * x / np.sqrt((x * x).mean(axes, keepdims=True) + op.epsilon.value.data)


def instance_norm(op: graph.InstanceNormOp, x: Array, scale: Array, bias: Array) -> Array:
    normal = normalise(x, range(2, x.ndim), op.epsilon.value.data)
    return per_channel(scale, x.ndim) * normal + per_channel(bias, x.ndim)


def group_norm(op: graph.GroupNormOp, x: Array, scale: Array, bias: Array) -> Array:
    groups = x.reshape(len(x), op.groups.value.data, -1)
    normal = normalise(groups, (2,), op.epsilon.value.data).reshape(x.shape)
    return per_channel(scale, x.ndim) * normal + per_channel(bias, x.ndim)


def lp_normalize(op: graph.LpNormalizeOp, x: Array) -> Array:
    norm = np.linalg.norm(x, op.p.value.data, op.axis.value.data, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm != 0)
