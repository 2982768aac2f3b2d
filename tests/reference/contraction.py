"""matmul, conv, conv_transpose, pooling and lrn on float64 (or integer) arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph
from tilewright.dialects.graph.base import flag

Array = NDArray[Any]
Shape = tuple[int, ...]


def widest(array: Array) -> Array:
    """Integers as int64, so that products of 8-bit integers do not wrap."""
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def matmul(op: graph.MatmulOp, lhs: Array, rhs: Array) -> Array:
    left = np.swapaxes(lhs, -1, -2) if flag(op.transpose_lhs) else lhs
    right = np.swapaxes(rhs, -1, -2) if flag(op.transpose_rhs) else rhs
    return np.matmul(widest(left), widest(right))


def attention(op: graph.AttentionOp, operands: Sequence[Array], causal: int | None) -> Array:
    q, k, v, *masks = operands
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) * op.scale.value.data
    if cap := op.softcap.value.data:
        scores = np.tanh(scores / cap) * cap
    for mask in masks:
        scores = np.where(mask != 0, mask, scores) if flag(op.replace) else scores + mask
    if causal is not None:
        m, n = scores.shape[-2:]
        scores = np.where(np.tri(m, n, causal, dtype=np.bool_), scores, -np.inf)
    with np.errstate(invalid="ignore"):
        peaks = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
        powers = np.exp(scores - peaks)
        weights = powers / np.sum(powers, axis=-1, keepdims=True)
    cleared: dict[str, Array] = {"nan": np.array(False), "zero": np.isneginf(peaks), "zero_nan": np.isnan(weights)}
    return np.matmul(np.where(cleared[op.empty.data], 0.0, weights), v)


def windows(
    kernel: Sequence[int], output: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Iterator[tuple[Shape, tuple[slice, ...]]]:
    """Each kernel position with the slice of the padded input that it meets."""
    for at in product(*map(range, kernel)):
        starts = [k * d for k, d in zip(at, dilations, strict=True)]
        yield at, tuple(slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, output, strides, strict=True))


def _with_bias(result: Array, bias: Array | None) -> Array:
    return result if bias is None else result + bias.reshape(1, -1, *[1] * (result.ndim - 2))


def conv(op: graph.ConvOp, x: Array, weight: Array, bias: Array | None, shape: Shape) -> Array:
    groups = op.group.value.data
    padded = np.pad(widest(x), [(0, 0), (0, 0), *op.padding])
    padded = padded.reshape(len(x), groups, x.shape[1] // groups, *padded.shape[2:])
    kernel = widest(weight).reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    result = np.zeros((len(x), groups, kernel.shape[1], *shape[2:]), padded.dtype)
    steps = windows(kernel.shape[3:], shape[2:], op.strides.get_values(), op.dilations.get_values())
    for at, where in steps:
        part = padded[(slice(None),) * 3 + where].reshape(*padded.shape[:3], -1)
        result += np.matmul(kernel[(slice(None),) * 3 + at], part).reshape(result.shape)
    return _with_bias(result.reshape(shape), bias)


def conv_transpose(op: graph.ConvTransposeOp, x: Array, weight: Array, bias: Array | None, shape: Shape) -> Array:
    groups, strides, dilations = op.group.value.data, op.strides.get_values(), op.dilations.get_values()
    inputs = widest(x).reshape(len(x), groups, x.shape[1] // groups, -1)
    kernel = widest(weight).reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    sizes = zip(shape[2:], op.padding, op.output_padding.get_values(), strict=True)
    full = np.zeros(
        (len(x), groups, weight.shape[1], *(n + low + max(high, 0) + extra for n, (low, high), extra in sizes)), inputs.dtype
    )
    for at, where in windows(weight.shape[2:], x.shape[2:], strides, dilations):
        part = np.matmul(np.swapaxes(kernel[(slice(None),) * 3 + at], 1, 2), inputs)
        full[(slice(None),) * 3 + where] += part.reshape(*part.shape[:3], *x.shape[2:])
    crop = tuple(slice(low, low + n) for (low, _), n in zip(op.padding, shape[2:], strict=True))
    return _with_bias(full[(slice(None),) * 3 + crop].reshape(shape), bias)


def pool(op: graph.PoolOp, x: Array, shape: Shape) -> Array:
    kind, kernel = op.kind.data, op.kernel.get_values()
    strides, dilations = op.strides.get_values(), op.dilations.get_values()
    reach = [(o - 1) * s + (k - 1) * d + 1 for o, s, k, d in zip(shape[2:], strides, kernel, dilations, strict=True)]
    hang = [max(r - n - low - high, 0) for r, n, (low, high) in zip(reach, x.shape[2:], op.padding, strict=True)]
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    around = [(0, 0), (0, 0), *((low, high + more) for (low, high), more in zip(op.padding, hang, strict=True))]
    padded = np.pad(x, around, constant_values=lowest if kind == "max" else 0)
    inside = np.pad(np.ones(x.shape[2:]), op.padding, constant_values=float(flag(op.count_include_pad)))
    inside = np.pad(inside, [(0, more) for more in hang])
    parts = [(padded[(slice(None),) * 2 + w], inside[w]) for _, w in windows(kernel, shape[2:], strides, dilations)]
    stacked = np.stack([values for values, _ in parts])
    if kind == "max":
        return stacked.max(0)
    if kind == "lp":
        return (np.abs(stacked) ** op.p.value.data).sum(0) ** (1 / op.p.value.data)
    return stacked.sum(0) / np.sum([counts for _, counts in parts], 0)


def lrn(op: graph.LrnOp, x: Array) -> Array:
    size = op.size.value.data
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    squares = np.stack([(x[:, max(c - before, 0) : c + after + 1] ** 2).sum(1) for c in range(x.shape[1])], 1)
    return x / (op.bias.value.data + op.alpha.value.data / size * squares) ** op.beta.value.data
