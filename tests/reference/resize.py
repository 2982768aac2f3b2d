"""graph.resize: one matrix (or index list) an axis, as in the specification of ONNX Resize 19."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph

Array = NDArray[Any]


def positions(op: graph.ResizeOp, size: int, target: int, scale: float, region: tuple[float, float] | None) -> Array:
    """The coordinate in x of each of `target` output elements along an axis."""
    out = np.arange(target, dtype=np.float64)
    length = target if op.scales is None and op.factors is None else scale * size
    match op.coordinate.data:
        case "half_pixel":
            return (out + 0.5) / scale - 0.5
        case "half_pixel_symmetric":
            adjustment = target / (scale * size)
            return size / 2 * (1 - adjustment) + (out + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (out + 0.5) / scale - 0.5 if target > 1 else np.zeros(target)
        case "align_corners":
            return out * (size - 1) / (length - 1) if target > 1 else np.zeros(target)
        case "asymmetric":
            return out / scale
        case _:
            assert region is not None
            start, end = region
            if target > 1:
                return start * (size - 1) + out * (end - start) * (size - 1) / (target - 1)
            return np.full(target, 0.5 * (start + end) * (size - 1))


def nearest(op: graph.ResizeOp, where: Array, size: int) -> Array:
    rounded = {
        "round_prefer_floor": lambda: np.ceil(where - 0.5),
        "round_prefer_ceil": lambda: np.floor(where + 0.5),
        "floor": lambda: np.floor(where),
        "ceil": lambda: np.ceil(where),
    }[op.nearest.data]()
    return np.clip(rounded, 0, size - 1).astype(np.int64)


def linear_weight(distance: float) -> float:
    return max(0.0, 1 - abs(distance))


def cubic_weight(distance: float, a: float) -> float:
    d = abs(distance)
    if d <= 1:
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a if d < 2 else 0.0


def matrix(op: graph.ResizeOp, where: Array, size: int, scale: float) -> Array:
    """Interpolation weights [output, input] of mode linear or cubic; outside taps repeat the border or are excluded."""
    result = np.zeros((len(where), size))
    support = 1 if op.mode.data == "linear" else 2
    stretch = min(scale, 1.0) if op.antialias.value.data else 1.0
    for i, at in enumerate(where):
        taps = range(math.floor(at - support / stretch), math.ceil(at + support / stretch) + 1)
        if op.mode.data == "linear":
            weights = {t: linear_weight((at - t) * stretch) for t in taps}
        else:
            weights = {t: cubic_weight((at - t) * stretch, op.cubic_a.value.data) for t in taps}
        if op.exclude_outside.value.data:
            weights = {t: w for t, w in weights.items() if 0 <= t < size}
        total = sum(weights.values())
        for tap, weight in weights.items():
            result[i, min(max(tap, 0), size - 1)] += weight / total
    return result


def _numbers(prop: Any, operand: Array | None) -> list[float] | None:
    """What a property or an operand says."""
    found = operand if prop is None else prop.get_values()
    return None if found is None else [float(v) for v in found]


def resize(op: graph.ResizeOp, operands: Sequence[Array], shape: tuple[int, ...]) -> Array:
    x, rank = operands[0], len(shape)
    scales = _numbers(op.scales, operands[1] if op.factors is not None else None)
    roi = _numbers(op.roi, operands[-1] if op.region is not None else None)
    axes = range(rank) if op.axes is None else op.axes.get_values()
    result, outside = x, np.zeros(shape, bool)
    for axis in axes:
        size, target = x.shape[axis], shape[axis]
        scale = scales[axis] if scales is not None else target / size
        if size == target and scale == 1 and roi is None:
            continue
        where = positions(op, size, target, scale, None if roi is None else (roi[axis], roi[axis + rank]))
        if op.mode.data == "nearest":
            result = np.take(result, nearest(op, where, size), axis)
        else:
            result = np.moveaxis(np.tensordot(matrix(op, where, size, scale), result, (1, axis)), 0, axis)
        beyond = (where < 0) | (where > size - 1)
        outside |= beyond.reshape([-1 if i == axis else 1 for i in range(rank)])
    if op.is_region:
        result = np.where(outside, op.extrapolation.value.data, result)
    return result
