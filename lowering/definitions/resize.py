"""Elements of `graph.resize` (ONNX Resize 19): weights of a few taps an axis, one axis inside the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32
from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, i1, ints
from ...dialects.graph.types import dims_of
from ..builder import Index, LoopBuilder
from ..casts import cast
from ..values import Value
from .definer import Definer, Indices
from .sampling import bounded

LEAST_SCALE = 2.0**-20
"""Scales known at run time are kept between this and its inverse, NaN and all: coordinates stay finite, filters bounded."""
FAR = 2.0**30


@dataclass(frozen=True)
class Axis:
    """An axis that is resampled: sizes before and after, after / before, and the coordinate in x of an output index."""

    axis: int
    size: Index
    scale: Value
    where: Value


def resize(d: Definer, op: graph.ResizeOp, at: Indices) -> Value:
    axes = [axis_of(d, op, axis, at[axis]) for axis in resampled(op)]
    leading = still_at_run_time(op) if op.mode.data != "nearest" else []
    if leading:
        moving = [a for a in axes if a.axis not in leading]
        still = d.all([_is_still(d, op, axis) for axis in leading])
        assert still is not None
        return d.when(still, lambda: _sample(d, op, moving, list(at)), lambda: _sample(d, op, axes, list(at)), op.x)
    value = _sample(d, op, axes, list(at))
    if not op.is_region:
        return value
    last = [cast(d.from_index(d.b.sub(a.size, 1)), f32) for a in axes]
    outside = [a.where.lt(0.0) | a.where.gt(end) for a, end in zip(axes, last, strict=True)]
    for condition in outside:
        value = condition.select(op.extrapolation.value.data, value)
    return value


def resampled(op: graph.ResizeOp) -> list[int]:
    """Axes that are not copied as they are."""
    if op.axes is not None:
        return list(ints(op.axes))
    scales = None if op.scales is None else op.scales.get_values()
    given = op.is_region or op.factors is not None
    pairs = enumerate(zip(dims_of(op.x), dims_of(op.result), strict=True))
    return [i for i, (a, z) in pairs if given or a != z or (scales is not None and scales[i] != 1)]


def still_at_run_time(op: graph.ResizeOp) -> list[int]:
    """Which of batch and channels may turn out to be copied as they are; an axis less divides the work by its taps."""
    if op.is_region or len(dims_of(op.x)) < 3:
        return []
    sizes = list(zip(dims_of(op.x), dims_of(op.result), strict=True))
    known = [a.is_static and z.is_static and a != z for a, z in sizes]
    unknown = [axis for axis in resampled(op) if axis < 2 and not known[axis]]
    return unknown if op.factors is not None or op.scales is None else []


def _is_still(d: Definer, op: graph.ResizeOp, axis: int) -> SSAValue:
    return still(d.b, op, axis, None if op.factors is None else d.element(op.factors, [axis]))


def still(b: LoopBuilder, op: graph.ResizeOp, axis: int, factor: Value | None) -> SSAValue:
    """Whether an axis keeps its size, and its scale is 1."""
    same = b.cmp("eq", *(b.dim(dims_of(v)[axis]) for v in (op.x, op.result)))
    return same if factor is None else b.op(arith.AndIOp, [same, factor.eq(1.0).ssa], i1)


def axis_of(d: Definer, op: graph.ResizeOp, axis: int, index: Index) -> Axis:
    size, target = d.dims(op.x)[axis], d.dims(op.result)[axis]
    before, after = (cast(d.from_index(n), f32) for n in (size, target))
    if op.factors is not None:
        scale = bounded(d.element(op.factors, [axis]), LEAST_SCALE, 1 / LEAST_SCALE)
    else:
        scale = after / before if op.scales is None else before.like(op.scales.get_values()[axis])
    region = _region(d, op, axis, before) if op.is_region else None
    where = coordinate(op, cast(d.from_index(index), f32), before, after, scale, region)
    return Axis(axis, size, scale, bounded(where, -FAR, FAR))


def _region(d: Definer, op: graph.ResizeOp, axis: int, like: Value) -> tuple[Value, Value]:
    """Start and end of the part of x that is resampled."""
    rank = len(dims_of(op.x))
    if op.region is not None:
        return d.element(op.region, [axis]), d.element(op.region, [axis + rank])
    assert op.roi is not None
    roi = op.roi.get_values()
    return like.like(roi[axis]), like.like(roi[axis + rank])


def coordinate(
    op: graph.ResizeOp, out: Value, size: Value, target: Value, scale: Value, region: tuple[Value, Value] | None = None
) -> Value:
    """The coordinate in x of an output index; all f32, as onnxruntime computes it."""
    half = (out + 0.5) / scale - 0.5
    match op.coordinate.data:
        case "half_pixel":
            return half
        case "half_pixel_symmetric":
            return size * 0.5 * (1.0 - target / (scale * size)) + half + 0.0
        case "pytorch_half_pixel":
            return target.gt(1.0).select(half, 0.0)
        case "align_corners":
            # The length is what the scale says, before it is rounded to a whole one.
            length = target if op.scales is None and op.factors is None else scale * size
            return target.gt(1.0).select(out * (size - 1.0) / (length - 1.0).maximum(1.0), 0.0)
        case "asymmetric":
            return out / scale
        case _:
            assert region is not None
            start, end = region
            last = size - 1.0
            moving = last * start + out * (last * (end - start)) / (target - 1.0).maximum(1.0)
            return target.gt(1.0).select(moving, last * ((start + end) * 0.5))


def _sample(d: Definer, op: graph.ResizeOp, axes: list[Axis], at: list[Index]) -> Value:
    """The value at coordinates of `axes`, the other indices given in `at`."""
    if not axes:
        return d.element(op.x, at)
    first, *rest = axes

    def tap(position: Index) -> Value:
        return _sample(d, op, rest, [*at[: first.axis], position, *at[first.axis + 1 :]])

    if op.mode.data == "nearest":
        return tap(nearest(d, op, first))
    return _interpolate(d, op, first, tap)


def nearest(d: Definer, op: graph.ResizeOp, axis: Axis) -> Index:
    """The index of mode nearest."""
    return _clamped(d, d.to_index(rounded(op.nearest.data, axis.where)), axis.size)


def rounded(mode: str, where: Value) -> Value:
    """A coordinate rounded by one of ONNX's nearest modes."""
    shift, rounding = _ROUNDINGS[mode]
    return (where + shift if shift else where).math(rounding)


_ROUNDINGS: dict[str, tuple[float, type[Operation]]] = {
    "round_prefer_floor": (-0.5, math.CeilOp),
    "round_prefer_ceil": (0.5, math.FloorOp),
    "floor": (0.0, math.FloorOp),
    "ceil": (0.0, math.CeilOp),
}


def _clamped(d: Definer, index: Index, size: Index) -> Index:
    return d.b.max(d.b.min(index, d.b.sub(size, 1)), 0)


def _interpolate(d: Definer, op: graph.ResizeOp, axis: Axis, tap: Callable[[Index], Value]) -> Value:
    """The weighted mean of the taps round a coordinate; more of them where antialiasing widens the filter."""
    b = d.b
    stretch = axis.scale.minimum(1.0) if flag(op.antialias) else axis.scale.like(1.0)
    first, count = _window(d, op, axis, stretch)

    def add(i: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        position = b.add(first, i[0])
        weight = _weight(op, (axis.where - cast(d.from_index(position), f32)) * stretch)
        if flag(op.exclude_outside):
            weight = Value(b, d.inside(position, axis.size), i1).select(weight, 0.0)
        total, weights = carried
        value = tap(_clamped(d, position, axis.size))
        return [total + value * cast(weight, total.element), weights + weight]

    total, weights = d.fold([count], [d.constant(0.0, op.x), axis.where.like(0.0)], add)
    return total / cast(weights, total.element)


def _window(d: Definer, op: graph.ResizeOp, axis: Axis, stretch: Value) -> tuple[Index, Index]:
    """The first tap that may count, and how many there are."""
    b, support = d.b, 1 if op.mode.data == "linear" else 2
    if not flag(op.antialias):
        return b.add(d.to_index(axis.where.math(math.FloorOp)), 1 - support), 2 * support
    reach = stretch.like(float(support)) / stretch
    first = d.to_index((axis.where - reach).math(math.FloorOp))
    last = d.to_index((axis.where + reach).math(math.CeilOp))
    return first, b.add(b.sub(last, first), 1)


def _weight(op: graph.ResizeOp, distance: Value) -> Value:
    d = abs(distance)
    if op.mode.data == "linear":
        return (1.0 - d).maximum(0.0)
    a = op.cubic_a.value.data
    near = ((d * (a + 2) - (a + 3)) * d) * d + 1.0
    far = ((d * a - 5 * a) * d + 8 * a) * d - 4 * a
    return d.le(1.0).select(near, d.lt(2.0).select(far, 0.0))
