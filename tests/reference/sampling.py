"""Points and regions of images, pixel by pixel, in float64."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph
from tilewright.dialects.graph.base import flag

Array = NDArray[Any]
Pixel = tuple[int, ...]
A = -0.75


def _reflected(where: float, low: float, high: float) -> float:
    """A coordinate folded back between two mirrors."""
    if high <= low:
        return low
    period = 2 * (high - low)
    place = (where - low) % period
    return low + min(place, period - place)


def _cubic(distance: float) -> float:
    d = abs(distance)
    return (A + 2) * d**3 - (A + 3) * d**2 + 1 if d <= 1 else A * d**3 - 5 * A * d**2 + 8 * A * d - 4 * A


def _line(op: graph.SampleOp, where: float, size: int) -> list[tuple[int, float]]:
    """(pixel, weight) of the taps along one dim; pixel -1 counts as 0."""
    mode, padding = op.mode.data, op.padding.data
    low, high = (0.0, size - 1.0) if flag(op.align_corners) else (-0.5, size - 0.5)
    where = float(np.rint(where)) if mode == "nearest" else where
    if padding == "border" and mode != "cubic":
        where = min(max(where, 0.0), size - 1.0)
    if padding == "reflection" and not low <= where <= high:
        where = _reflected(where, low, high)
    first = int(np.floor(where))
    taps = {"nearest": [(int(where), 1.0)], "linear": [(first, first + 1 - where), (first + 1, where - first)]}
    rows = taps.get(mode) or [(first + k, _cubic(where - first - k)) for k in range(-1, 3)]
    if padding == "zeros":
        return [(i if 0 <= i < size else -1, w) for i, w in rows]
    if padding == "border":
        return [(min(max(i, 0), size - 1), w) for i, w in rows]
    return [(round(_reflected(i, low, high)), w) for i, w in rows]


def sample(op: graph.SampleOp, x: Array, at: Array) -> Array:
    result = np.zeros((*x.shape[:2], *at.shape[1:-1]))
    for image, *point in np.ndindex(at.shape[:-1]):
        lines = [_line(op, float(w), size) for w, size in zip(at[(image, *point)], x.shape[2:], strict=True)]
        for taps in product(*lines):
            pixel = tuple(i for i, _ in taps)
            if min(pixel) >= 0:
                result[(image, slice(None), *point)] += x[(image, slice(None), *pixel)] * np.prod([w for _, w in taps])
    return result


def roi_align(op: graph.RoiAlignOp, x: Array, rois: Array, batch: Array) -> Array:
    (height, width), offset = op.size.get_values(), 0.5 if flag(op.half_pixel) else 0.0
    result = np.zeros((len(rois), x.shape[1], height, width))
    for r, (left, top, right, bottom) in enumerate(rois * op.spatial_scale.value.data - offset):
        spans = [(top, bottom - top, height), (left, right - left, width)]
        for row, column in np.ndindex(height, width):
            places = [_samples(op, low, length, cells, k) for (low, length, cells), k in zip(spans, (row, column), strict=True)]
            values = [list(_weighted(x[int(batch[r])], point)) for point in product(*places)]
            if op.kind.data == "max":
                result[r, :, row, column] = np.max(values, (0, 1)) if values else 0
            else:
                result[r, :, row, column] = np.sum(values, (0, 1)) / max(len(values), 1) if values else 0
    return result


def _samples(op: graph.RoiAlignOp, low: float, length: float, cells: int, cell: int) -> list[float]:
    """The coordinates of the samples of a bin along one axis."""
    extent = (length if flag(op.half_pixel) else max(length, 1.0)) / cells
    count = op.sampling_ratio.value.data or max(int(np.ceil(extent)), 0)
    return [low + cell * extent + (k + 0.5) * extent / count for k in range(count)]


def _weighted(image: Array, point: Sequence[float]) -> Iterator[Array]:
    """The weighted pixels (of all channels) of one sample."""
    sizes = image.shape[1:]
    outside = any(not -1 <= w <= size for w, size in zip(point, sizes, strict=True))
    kept = [min(max(w, 0.0), size - 1.0) for w, size in zip(point, sizes, strict=True)]
    lines = [[(int(w), 1 - w % 1), (min(int(w) + 1, size - 1), w % 1)] for w, size in zip(kept, sizes, strict=True)]
    for (i, v), (j, w) in product(*lines):
        yield image[:, i, j] * (0 if outside else v * w)


def roi_max_pool(op: graph.RoiMaxPoolOp, x: Array, rois: Array) -> Array:
    height, width = op.size.get_values()
    result = np.zeros((len(rois), x.shape[1], height, width))
    for r, (image, *corners) in enumerate(rois):
        scaled = np.array(corners) * op.spatial_scale.value.data
        left, top, right, bottom = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
        for row, column in np.ndindex(height, width):
            rows = _bin(top, bottom, x.shape[2], height, row)
            columns = _bin(left, right, x.shape[3], width, column)
            part = x[int(image), :, rows, columns]
            result[r, :, row, column] = part.max((1, 2)) if part.size else 0
    return result


def _bin(low: float, high: float, size: int, bins: int, number: int) -> slice:
    extent = max(high - low + 1, 1) / bins
    first, end = np.floor(number * extent) + low, np.ceil((number + 1) * extent) + low
    return slice(*(int(min(max(v, 0), size)) for v in (first, end)))


def arg_pool(op: graph.ArgPoolOp, x: Array, shape: Pixel) -> Array:
    result, sizes = np.zeros(shape, np.int64), x.shape[2:]
    strides, dilations, kernel = (p.get_values() for p in (op.strides, op.dilations, op.kernel))
    for image, channel, *at in np.ndindex(shape):
        starts = [i * s - low for i, s, (low, _) in zip(at, strides, op.padding, strict=True)]
        taps = [[start + k * d for k in range(n)] for start, d, n in zip(starts, dilations, kernel, strict=True)]
        inside = [p for p in product(*taps) if all(0 <= i < n for i, n in zip(p, sizes, strict=True))]
        best = max(inside, key=lambda p: x[(image, channel, *p)], default=(0,) * len(sizes))
        order = "F" if flag(op.column_major) else "C"
        place = np.ravel_multi_index(best, sizes, order=order)
        result[(image, channel, *at)] = (image * x.shape[1] + channel) * np.prod(sizes) + place
    return result
