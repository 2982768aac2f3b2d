"""Resize in all its versions, and Upsample before it. Scales, sizes and regions may be known at run time only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np
from xdsl.dialects.builtin import f32, f64
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis, si64
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.resize import COORDINATES
from ...dialects.graph.types import Dims, dims_of, element_of, tensor
from ..counting import numbers
from ..node import Node, UnsupportedError
from ..registry import op
from ..shape_values import MAX_DENOMINATOR
from .movement import join
from .slicing import ONE, cut

T = TypeVar("T")

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "cubic": "cubic"}
_MOST = 1 << 31
"""More than any dim."""


@dataclass(frozen=True)
class Factors:
    """Numbers for some axes: known ones, or a vector in the IR."""

    numbers: tuple[float, ...] | None
    vector: SSAValue | None = None

    @staticmethod
    def of(n: Node, index: int, count: int) -> Factors:
        """An operand of so many floats."""
        array = n.array(index)
        if array is None:
            return Factors(None, n.build.reshape(n.build.cast(n.x(index), f32), [DimExpr.of(count)]))
        if array.size != count:
            raise ValueError(f"input '{n.proto.input[index]}' has {array.size} elements, expected {count}")
        return Factors(tuple(float(v) for v in array.reshape(-1)))

    def value(self, n: Node) -> SSAValue:
        """As a vector of f32 in the IR."""
        if self.vector is not None:
            return self.vector
        return n.build.constant(np.array(self.numbers, np.float32)).value()


@dataclass(frozen=True)
class Target:
    """What a resize makes: dims, scales and region of all dims, and the axes that are resampled."""

    dims: Dims
    scales: Factors | None
    axes: Sequence[int]
    roi: Factors | None = None


# -- old forms ----------------------------------------------------------------------------------------------------------------
@op("Upsample", since=1)
def upsample(n: Node) -> SSAValue:
    """Scales are attributes before opset 9, of height and width before opset 7."""
    if n.opset < 7:
        scales = Factors((1.0, 1.0, n.float_attr("height_scale"), n.float_attr("width_scale")))
    elif n.opset < 9:
        scales = Factors(tuple(n.floats_attr("scales")))
    else:
        scales = Factors.of(n, 1, n.rank())
    return _legacy(n, scales)


@op("Resize", since=10)
def resize_by_scales(n: Node) -> SSAValue:
    return _legacy(n, Factors.of(n, 1, n.rank()))


def _legacy(n: Node, scales: Factors) -> SSAValue:
    """Coordinates are divided by the scale; nearest takes the one below, but above where a dim shrinks (as onnxruntime)."""
    x, target = n.x(), _scaled(n, scales, range(n.rank()))
    smallest = min(scales.numbers) if scales.numbers is not None else 0
    if n.op == "Upsample" or n.str_attr("mode", "nearest") != "nearest" or smallest >= 1:
        return _emit(n, x, target, "asymmetric", "floor")
    middle = tuple(after.min(before) for before, after in zip(n.shape(), target.dims, strict=True))
    shrunk = _emit(n, x, Target(middle, _limited(n, scales, graph.MinOp), target.axes), "asymmetric", "ceil")
    return _emit(n, shrunk, replace(target, scales=_limited(n, scales, graph.MaxOp)), "asymmetric", "floor")


def _limited(n: Node, scales: Factors, kind: type[graph.MinOp] | type[graph.MaxOp]) -> Factors:
    """The smaller, or larger, of each scale and 1."""
    if scales.numbers is not None:
        return Factors(tuple((min if kind is graph.MinOp else max)(s, 1.0) for s in scales.numbers))
    vector = scales.value(n)
    return Factors(None, n.emit(kind(vector, n.build.scalar(1, vector))))


# -- opset 11 and later -------------------------------------------------------------------------------------------------------
@op("Resize", since=11)
def resize(n: Node) -> SSAValue:
    """To `sizes`, or by `scales`; from opset 18 on for some `axes` only."""
    rank, coordinate = n.rank(), n.str_attr("coordinate_transformation_mode", "half_pixel")
    if coordinate not in COORDINATES:
        raise UnsupportedError(f"coordinate_transformation_mode '{coordinate}'")
    axes = [normalize_axis(a, rank) for a in n.ints_attr("axes", range(rank))]
    roi = Factors.of(n, 1, 2 * len(axes)) if coordinate == "tf_crop_and_resize" else None
    if _given(n, 2):
        target = _scaled(n, Factors.of(n, 2, len(axes)), axes)
    elif _given(n, 3):
        target = _sized(n, n.dims(3), axes)
    else:
        raise ValueError("it has neither scales nor sizes")
    target = replace(target, roi=None if roi is None else _spread_region(n, roi, axes))
    return _emit(n, n.x(), target, coordinate, n.str_attr("nearest_mode", "round_prefer_floor"))


def _given(n: Node, index: int) -> bool:
    """Whether an operand is there and not empty, which also stands for "left out"."""
    return n.has(index) and n.shape(index) != (DimExpr.of(0),)


def _emit(n: Node, x: SSAValue, target: Target, coordinate: str, nearest: str) -> SSAValue:
    mode = n.str_attr("mode", "nearest")
    if mode not in _MODES:
        raise ValueError(f"mode is one of {', '.join(_MODES)}; got '{mode}'")
    scales, roi = target.scales or Factors(None), target.roi or Factors(None)
    same = target.dims == dims_of(x) and all(s == 1 for s in scales.numbers or ())
    if same and scales.vector is None and target.roi is None:
        return x
    for size, after in zip(dims_of(x), target.dims, strict=True):
        if size != after:
            n.need(size * _MOST - after)  # nothing can't be made something of
    return n.emit(
        graph.ResizeOp(
            x,
            tensor(element_of(x), target.dims),
            _MODES[mode],
            coordinate,
            nearest,
            n.float_attr("cubic_coeff_a", -0.75),
            scales.numbers,
            roi.numbers,
            bool(n.int_attr("exclude_outside", 0)),
            bool(n.int_attr("antialias", 0)),
            n.float_attr("extrapolation_value", 0.0),
            scales.vector,
            roi.vector,
            sorted(target.axes) if scales.vector is not None or roi.vector is not None else None,
        )
    )


# -- spreading over all dims --------------------------------------------------------------------------------------------------
def _spread(values: Sequence[T], axes: Sequence[int], default: list[T]) -> list[T]:
    """Values of some axes among the defaults of all."""
    if len(values) != len(axes):
        raise ValueError(f"{len(values)} scales or sizes for {len(axes)} dims")
    for axis, value in zip(axes, values, strict=True):
        default[axis] = value
    return default


def _spread_factors(n: Node, factors: Factors, axes: Sequence[int], default: float) -> Factors:
    if factors.numbers is not None:
        return Factors(tuple(_spread(factors.numbers, axes, [default] * n.rank())))
    vector = factors.value(n)
    if list(axes) == list(range(n.rank())):
        return factors
    rest = n.build.constant(np.array([default], np.float32)).value()
    places = {axis: at for at, axis in enumerate(axes)}
    return Factors(None, join(n, [_part(n, vector, places[k], 1) if k in places else rest for k in range(n.rank())], 0))


def _part(n: Node, vector: SSAValue, start: int, count: int) -> SSAValue:
    return cut(n, vector, [DimExpr.of(start)], [DimExpr.of(count)], [ONE])


def _halves(n: Node, roi: Factors) -> tuple[Factors, Factors]:
    """Starts and ends of a region."""
    if roi.numbers is not None:
        half = len(roi.numbers) // 2
        return Factors(roi.numbers[:half]), Factors(roi.numbers[half:])
    assert roi.vector is not None
    half = len(n.ints_attr("axes", range(n.rank())))
    return Factors(None, _part(n, roi.vector, 0, half)), Factors(None, _part(n, roi.vector, half, half))


def _spread_region(n: Node, roi: Factors, axes: Sequence[int]) -> Factors:
    """Starts of all dims, then ends, as fractions of the dim."""
    low, high = (_spread_factors(n, half, axes, default) for half, default in zip(_halves(n, roi), (0.0, 1.0), strict=True))
    if low.numbers is not None and high.numbers is not None:
        return Factors((*low.numbers, *high.numbers))
    return Factors(None, join(n, [low.value(n), high.value(n)], 0))


# -- sizes --------------------------------------------------------------------------------------------------------------------
def _scaled(n: Node, scales: Factors, axes: Sequence[int]) -> Target:
    """floor(dim * scale) for every axis, in single precision, as onnxruntime computes it.

    The region of tf_crop_and_resize does not enter, whatever the text of the specification says: neither onnxruntime nor the
    specification's own reference and shape inference make it.
    """
    dims = [n.shape()[a] for a in axes]
    if scales.numbers is not None and (len(scales.numbers) != len(axes) or any(not 0 < s < 1e6 for s in scales.numbers)):
        raise ValueError(f"scales are {len(axes)} positive numbers, got {list(scales.numbers)}")
    sizes = _known_sizes(dims, scales)
    if sizes is None:
        lengths = n.emit(graph.MulOp(numbers(n, dims, f32), scales.value(n)))
        sizes = n.bind(n.build.cast(n.emit(graph.FloorOp(lengths)), si64))
    return Target(tuple(_spread(sizes, axes, list(n.shape()))), _spread_factors(n, scales, axes, 1.0), axes)


def _known_sizes(dims: Sequence[DimExpr], scales: Factors) -> Dims | None:
    """The scaled dims as expressions; None where they are none."""
    if scales.numbers is None:
        return None
    found = [_scaled_dim(d, s) for d, s in zip(dims, scales.numbers, strict=True)]
    return tuple(d for d in found if d is not None) if None not in found else None


def _scaled_dim(dim: DimExpr, scale: float) -> DimExpr | None:
    if dim.is_static:
        return DimExpr.of(math.floor(np.float32(dim.value) * np.float32(scale)))
    fraction = Fraction(scale)
    if fraction.denominator > MAX_DENOMINATOR:
        return None
    return dim * fraction.numerator // fraction.denominator


def _sized(n: Node, wanted: Dims, axes: Sequence[int]) -> Target:
    """To these sizes; under `keep_aspect_ratio_policy` by one scale for all axes, the smallest or largest asked for."""
    policy = n.str_attr("keep_aspect_ratio_policy", "stretch")
    dims, target = [n.shape()[a] for a in axes], tuple(_spread(wanted, axes, list(n.shape())))
    if policy == "stretch":
        return Target(target, None, axes)
    if policy not in ("not_larger", "not_smaller"):
        raise ValueError(f"unknown keep_aspect_ratio_policy '{policy}'")
    if all(d.is_static for d in (*wanted, *dims)):
        ratios = [w.value / d.value for w, d in zip(wanted, dims, strict=True)]
        scale = min(ratios) if policy == "not_larger" else max(ratios)
        sizes = tuple(DimExpr.of(math.floor(scale * d.value + 0.5)) for d in dims)
        scales = Factors((scale,) * len(axes))
    else:
        sizes, scales = _ratio(n, wanted, dims, "min" if policy == "not_larger" else "max")
    return Target(tuple(_spread(sizes, axes, list(n.shape()))), _spread_factors(n, scales, axes, 1.0), axes)


def _ratio(n: Node, wanted: Sequence[DimExpr], dims: Sequence[DimExpr], kind: str) -> tuple[Dims, Factors]:
    """round(scale * dims) and the scale for each, which is known at run time."""
    before, after = (numbers(n, sizes, f64) for sizes in (dims, wanted))
    scale = n.emit(graph.ReduceOp(n.emit(graph.DivOp(after, before)), kind, [0]))
    half = n.build.scalar(0.5, scale)
    sizes = n.emit(graph.FloorOp(n.emit(graph.AddOp(n.emit(graph.MulOp(before, scale)), half))))
    each = n.build.broadcast(n.build.cast(scale, f32), [DimExpr.of(len(dims))])
    return n.bind(n.build.cast(sizes, si64)), Factors(None, each)
