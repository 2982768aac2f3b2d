"""Elements of ops that read images at positions which are data. A position is kept inside its image, NaN and all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects import math
from xdsl.dialects.builtin import Float64Type, f32, f64
from xdsl.ir import Attribute, SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, i1
from ...dialects.graph.types import dims_of, element_of
from ..builder import Index
from ..casts import cast
from ..values import Number, Value
from .definer import Definer, Indices
from .movement import modulo

CUBIC_A = -0.75
FAR = 4
"""Pixels outside an image beyond which all positions are alike: more than any tap reaches."""


@dataclass(frozen=True)
class Tap:
    """A pixel along one dim: its index, whether it exists (None: it does), and what it counts (None: 1)."""

    index: Index
    inside: SSAValue | None = None
    weight: Value | None = None


def bounded(value: Value, low: Number | Value, high: Number | Value) -> Value:
    """The value in [low, high]; `low` for NaN."""
    above = value.gt(low).select(value, low)
    return above.lt(high).select(above, high)


def computed_in(element: Attribute) -> Attribute:
    """The type in which weighted means of elements are computed."""
    return f64 if isinstance(element, Float64Type) else f32


# -- points ---------------------------------------------------------------------------------------------------------------
def sample(d: Definer, op: graph.SampleOp, at: Indices) -> Value:
    def sampled() -> Value:
        return blend(d, op, at[:2], point_taps(d, op, [at[0], *at[2:]]))

    return d.checked(unknown_sizes(d, op.x), sampled, op.x)


def point_taps(d: Definer, op: graph.SampleOp, point: Indices) -> list[list[Tap]]:
    """The taps of a point along each spatial dim."""
    sizes = d.dims(op.x)[2:]
    compute = computed_in(element_of(op.at))
    where = [cast(d.element(op.at, [*point, k]), compute) for k in range(len(sizes))]
    return [_taps(d, op, w, size) for w, size in zip(where, sizes, strict=True)]


def _taps(d: Definer, op: graph.SampleOp, where: Value, size: Index) -> list[Tap]:
    length = d.from_index(size, where)
    if op.mode.data == "nearest":
        where = where.math(math.RoundEvenOp)
    where = bounded(_returned(op, where, length), -FAR, length + (FAR - 1))
    if op.mode.data == "nearest":
        return [_pixel(d, op, d.to_index(where), size, None)]
    low = where.math(math.FloorOp)
    first, rest = d.to_index(low), where - low
    if op.mode.data == "linear":
        weights, start = [1.0 - rest, rest], 0
    else:
        weights, start = [_far(rest + 1), _near(rest), _near(1.0 - rest), _far(2.0 - rest)], -1
    return [_pixel(d, op, d.b.add(first, start + k), size, weight) for k, weight in enumerate(weights)]


def _near(t: Value) -> Value:
    """Keys' cubic kernel for distances up to 1."""
    return ((t * (CUBIC_A + 2) - (CUBIC_A + 3)) * t) * t + 1.0


def _far(t: Value) -> Value:
    """Keys' cubic kernel for distances of 1 to 2."""
    return ((t * CUBIC_A - 5 * CUBIC_A) * t + 8 * CUBIC_A) * t - 4 * CUBIC_A


def _returned(op: graph.SampleOp, where: Value, length: Value) -> Value:
    """A coordinate brought back to the image by clamping or reflection; cubic only clamps its taps (as PyTorch, onnxruntime)."""
    match op.padding.data:
        case "border" if op.mode.data != "cubic":
            return bounded(where, 0.0, length - 1.0)
        case "reflection":
            low, extent = (0.0, length - 1.0) if flag(op.align_corners) else (-0.5, length)
            distance, high = abs(where - low), extent + low
            turns = (distance / extent.maximum(1.0)).math(math.FloorOp)
            rest = distance - turns * extent
            odd = (turns * 0.5).math(math.FloorOp).ne(turns * 0.5)
            reflected = odd.select(high - rest, rest + low)
            return (where.lt(low) | where.gt(high)).select(reflected, where)
        case _:
            return where


def _pixel(d: Definer, op: graph.SampleOp, index: Index, size: Index, weight: Value | None) -> Tap:
    b = d.b
    clamped = b.max(b.min(index, b.sub(size, 1)), 0)
    match op.padding.data:
        case "zeros":
            return Tap(clamped, d.inside(index, size), weight)
        case "border":
            return Tap(clamped, None, weight)
        case _:
            edge = 0 if flag(op.align_corners) else 1
            period = b.max(b.mul(b.sub(b.add(size, edge), 1), 2), 1)
            place = modulo(d.b, index, period)
            return Tap(b.min(place, b.max(b.sub(b.sub(period, place), edge), 0)), None, weight)


def blend(d: Definer, op: graph.SampleOp, image: Indices, taps: Sequence[Sequence[Tap]]) -> Value:
    """The weighted sum of the taps' pixels of one channel of one image."""
    element = element_of(op.x)
    exact = op.mode.data == "nearest"
    compute = element if exact else computed_in(element)

    def along(chosen: list[Index]) -> Value:
        axis = len(chosen)
        if axis == len(taps):
            return cast(d.element(op.x, [*image, *chosen]), compute)
        total: Value | None = None
        for tap in taps[axis]:
            value = along([*chosen, tap.index])
            if tap.inside is not None:
                value = Value(d.b, tap.inside, i1).select(value, value.like(0))
            if tap.weight is not None:
                value = value * cast(tap.weight, compute)
            total = value if total is None else total + value
        assert total is not None
        return total

    return cast(along([]), element)


def unknown_sizes(d: Definer, x: SSAValue) -> list[tuple[Index, Index]]:
    """(0, size) of every size of an image that is only known at run time: nothing can be read where one is 0."""
    return [(0, d.b.dim(size)) for size in dims_of(x)[2:] if not size.is_static]


# -- regions --------------------------------------------------------------------------------------------------------------
MAX_SAMPLES = 1 << 20
"""Samples of a bin along an axis: no image is a part of a larger region that anybody would notice."""


@dataclass(frozen=True)
class Span:
    """One axis of a bin: pixels, start and size of the bin, how many samples are in it, and [first, end) of those to look at."""

    size: Index
    start: Value
    extent: Value
    count: Index
    first: Index
    end: Index

    def place(self, d: Definer, sample: Index) -> Value:
        """The coordinate of a sample."""
        number, count = (d.from_index(i, self.start) for i in (sample, self.count))
        return self.start + (number + 0.5) * self.extent / count


def _span(d: Definer, size: Index, start: Value, extent: Value, count: Index) -> Span:
    """The axis, without most of the samples that lie outside the image: they count nothing."""
    samples = d.from_index(count, start)
    step = extent / samples
    edges = [(edge - start) / step for edge in (start.like(-1.0), d.from_index(size, start))]
    low, high = edges[0].minimum(edges[1]), edges[0].maximum(edges[1])
    first, end = (bounded(v, 0.0, samples) for v in (low.math(math.FloorOp) - 2.0, high.math(math.CeilOp) + 2.0))
    still = step.eq(0.0)
    return Span(size, start, extent, count, d.to_index(still.select(0.0, first)), d.to_index(still.select(samples, end)))


def roi_align(d: Definer, op: graph.RoiAlignOp, at: Indices) -> Value:
    image, checks = region_image(d, op, at[0])
    return d.checked(checks, lambda: _pool_samples(d, op, [image, at[1]], align_spans(d, op, at[0], at[2:])), op.x)


def region_image(d: Definer, op: graph.RoiAlignOp, region: Index) -> tuple[Index, list[tuple[Index, Index]]]:
    """The image of a region, and what must be inside: the image, and a pixel."""
    image = d.to_index(d.element(op.batch, [region]))
    return image, [(image, d.dims(op.x)[0]), *unknown_sizes(d, op.x)]


def align_spans(d: Definer, op: graph.RoiAlignOp, region: Index, bin_: Indices) -> list[Span]:
    """The rows and columns of a bin."""
    compute, scale = computed_in(element_of(op.x)), op.spatial_scale.value.data
    offset = 0.5 if flag(op.half_pixel) else 0.0
    left, top, right, bottom = (cast(d.element(op.rois, [region, k]), compute) * scale - offset for k in range(4))
    sizes, grid = d.dims(op.x)[2:], op.size.get_values()

    def span(axis: int, low: Value, high: Value) -> Span:
        length = high - low if flag(op.half_pixel) else (high - low).maximum(1.0)
        extent = length / float(grid[axis])
        count: Index = op.sampling_ratio.value.data
        if not count:
            count = d.to_index(bounded(extent.math(math.CeilOp), 0.0, float(MAX_SAMPLES)))
        return _span(d, sizes[axis], low + d.from_index(bin_[axis], low) * extent, extent, count)

    return [span(0, top, bottom), span(1, left, right)]


def _pool_samples(d: Definer, op: graph.RoiAlignOp, image: Indices, spans: Sequence[Span]) -> Value:
    """The mean, or the largest weighted pixel, of the samples of a bin."""
    rows, columns = spans
    start = rows.start.like(-inf if op.kind.data == "max" else 0.0)

    def add(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        at = [d.b.add(span.first, k) for span, k in zip(spans, i, strict=True)]
        return [with_sample(d, op, carried[0], image, sample_taps(d, spans, at))]

    total = d.fold([d.b.sub(span.end, span.first) for span in (rows, columns)], [start], add)[0]
    return cast(finished(d, op, total, spans), element_of(op.x))


def sample_taps(d: Definer, spans: Sequence[Span], sample: Sequence[Index]) -> list[list[Tap]]:
    """The pixels round one sample of a bin."""
    return [region_taps(d, span.place(d, k), span.size) for span, k in zip(spans, sample, strict=True)]


def with_sample(d: Definer, op: graph.RoiAlignOp, total: Value, image: Indices, taps: Sequence[Sequence[Tap]]) -> Value:
    """A bin's total with one sample more."""
    for pixel in _weighted_pixels(d, op, image, taps):
        total = total.maximum(pixel) if op.kind.data == "max" else total + pixel
    return total


def finished(d: Definer, op: graph.RoiAlignOp, total: Value, spans: Sequence[Span]) -> Value:
    """What a bin's total becomes; 0 without samples, and 0 is the least where samples outside the image were left out."""
    b, (rows, columns) = d.b, spans
    number = b.mul(rows.count, columns.count)
    if op.kind.data != "max":
        return total / d.from_index(number, total).maximum(1.0)
    seen = b.mul(b.max(b.sub(rows.end, rows.first), 0), b.max(b.sub(columns.end, columns.first), 0))
    some, all_ = (Value(b, b.cmp("sgt", n, 0), i1) for n in (number, b.sub(1, b.sub(number, seen))))
    return some.select(all_.select(total, total.maximum(0.0)), 0.0)


def region_taps(d: Definer, where: Value, size: Index) -> list[Tap]:
    """The two pixels round a coordinate; none of them counts more than a pixel outside the image."""
    b, length = d.b, d.from_index(size, where)
    inside = where.ge(-1.0) & where.le(length)
    kept = bounded(where, 0.0, length - 1.0)
    low = kept.math(math.FloorOp)
    first, rest = d.to_index(low), kept - low
    second = b.min(b.add(first, 1), b.sub(size, 1))
    return [Tap(first, inside.ssa, 1.0 - rest), Tap(second, inside.ssa, rest)]


def _weighted_pixels(d: Definer, op: graph.RoiAlignOp, image: Indices, taps: Sequence[Sequence[Tap]]) -> list[Value]:
    values: list[Value] = []
    for row in taps[0]:
        for column in taps[1]:
            assert row.weight is not None and column.weight is not None and row.inside is not None and column.inside is not None
            weight = row.weight * column.weight
            pixel = cast(d.element(op.x, [*image, row.index, column.index]), weight.element)
            inside = Value(d.b, row.inside, i1) & Value(d.b, column.inside, i1)
            values.append(inside.select(pixel * weight, 0.0))
    return values


def roi_max_pool(d: Definer, op: graph.RoiMaxPoolOp, at: Indices) -> Value:
    sizes, compute = d.dims(op.x), computed_in(element_of(op.x))
    image, *corners = (cast(d.element(op.rois, [at[0], k]), compute) for k in range(5))
    number = d.to_index(bounded(image, -1.0, d.from_index(sizes[0], image)))
    left, top, right, bottom = (_rounded(c * op.spatial_scale.value.data) for c in corners)
    grid = op.size.get_values()
    rows = _pixels(d, top, bottom, sizes[2], at[2], grid[0])
    columns = _pixels(d, left, right, sizes[3], at[3], grid[1])
    start = d.constant(-inf, op.x)

    def visit(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        x = d.element(op.x, [number, at[1], *(d.b.add(first, k) for (first, _), k in zip((rows, columns), i, strict=True))])
        return [x.gt(carried[0]).select(x, carried[0])]

    def pooled() -> Value:
        total = d.fold([rows[1], columns[1]], [start], visit)[0]
        empty = d.b.cmp("eq", d.b.mul(rows[1], columns[1]), 0)
        return Value(d.b, empty, i1).select(total.like(0), total)

    return d.checked([(number, sizes[0])], pooled, op.x)


def _rounded(value: Value) -> Value:
    """To the nearest whole number, halves away from 0."""
    whole = (abs(value) + 0.5).math(math.FloorOp)
    return value.lt(0.0).select(-whole, whole)


def _pixels(d: Definer, low: Value, high: Value, size: Index, bin_: Index, bins: int) -> tuple[Index, Index]:
    """The first pixel of a bin of the region [low, high], and how many it has."""
    extent = (high - low + 1.0).maximum(1.0) / float(bins)
    number, length = d.from_index(bin_, low), d.from_index(size, low)
    first = bounded((number * extent).math(math.FloorOp) + low, 0.0, length)
    end = bounded(((number + 1.0) * extent).math(math.CeilOp) + low, 0.0, length)
    start = d.to_index(first)
    return start, d.b.max(d.b.sub(d.to_index(end), start), 0)
