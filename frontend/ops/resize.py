"""Resize in all its versions, and Upsample before it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.resize import COORDINATES
from ...dialects.graph.types import Dims, element_of, tensor
from ..node import Node, UnsupportedError, static
from ..registry import op
from ..shape_values import MAX_DENOMINATOR, UndecidedError

T = TypeVar("T")

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "cubic": "cubic"}


@op("Upsample", since=1)
def upsample(n: Node) -> SSAValue:
    """Scales are attributes before opset 9, of height and width before opset 7."""
    if n.opset < 7:
        scales = [1.0, 1.0, n.float_attr("height_scale"), n.float_attr("width_scale")]
    else:
        scales = n.floats_attr("scales") if n.opset < 9 else _floats(n, 1)
    return _legacy(n, scales)


@op("Resize", since=10)
def resize_by_scales(n: Node) -> SSAValue:
    return _legacy(n, _floats(n, 1))


def _legacy(n: Node, scales: Sequence[float]) -> SSAValue:
    """Coordinates are divided by the scale; nearest takes the one below, above where every dim shrinks (as onnxruntime)."""
    nearest = "ceil" if all(s <= 1 for s in scales) else "floor"
    dims = _scaled(n.shape(), scales)
    return _emit(n, dims, scales, coordinate="asymmetric", nearest=nearest)


@op("Resize", since=11)
def resize(n: Node) -> SSAValue:
    """To `sizes`, or by `scales`; from opset 18 on for some `axes` only."""
    dims, coordinate = n.shape(), n.str_attr("coordinate_transformation_mode", "half_pixel")
    if coordinate not in COORDINATES:
        raise UnsupportedError(f"coordinate_transformation_mode '{coordinate}'")
    axes = [normalize_axis(a, len(dims)) for a in n.ints_attr("axes", range(len(dims)))]
    roi = _region(n, axes, len(dims)) if coordinate == "tf_crop_and_resize" else None
    scales: list[float] | None = None
    if _given(n, 2):
        scales = _spread(_floats(n, 2), axes, [1.0] * len(dims))
        target = _scaled(dims, scales, roi)
    elif _given(n, 3):
        target = tuple(_spread(n.dims(3), axes, list(dims)))
        target, scales = _keep_aspect(n, dims, target, axes)
    else:
        raise ValueError("it has neither scales nor sizes")
    return _emit(n, target, scales, roi, coordinate, n.str_attr("nearest_mode", "round_prefer_floor"))


def _emit(
    n: Node,
    dims: Dims,
    scales: Sequence[float] | None,
    roi: Sequence[float] | None = None,
    coordinate: str = "half_pixel",
    nearest: str = "floor",
) -> SSAValue:
    mode = n.str_attr("mode", "nearest")
    if mode not in _MODES:
        raise ValueError(f"mode is one of {', '.join(_MODES)}; got '{mode}'")
    x = n.x()
    if dims == n.shape() and roi is None and (scales is None or all(s == 1 for s in scales)):
        return x
    return n.emit(
        graph.ResizeOp(
            x,
            tensor(element_of(x), dims),
            _MODES[mode],
            coordinate,
            nearest,
            n.float_attr("cubic_coeff_a", -0.75),
            scales,
            roi,
            bool(n.int_attr("exclude_outside", 0)),
            bool(n.int_attr("antialias", 0)),
            n.float_attr("extrapolation_value", 0.0),
        )
    )


def _given(n: Node, index: int) -> bool:
    """Whether an operand is there and not empty, which also stands for "left out"."""
    return n.has(index) and n.shape(index) != (DimExpr.of(0),)


def _floats(n: Node, index: int) -> list[float]:
    array = n.array(index)
    if array is None:
        raise UndecidedError(f"input '{n.proto.input[index]}' depends on data")
    return [float(v) for v in array.reshape(-1)]


def _spread(values: Sequence[T], axes: Sequence[int], default: list[T]) -> list[T]:
    """Values of some axes among the defaults of all."""
    if len(values) != len(axes):
        raise ValueError(f"{len(values)} scales or sizes for {len(axes)} dims")
    for axis, value in zip(axes, values, strict=True):
        default[axis] = value
    return default


def _region(n: Node, axes: Sequence[int], rank: int) -> list[float]:
    """Starts of all dims, then ends, as fractions of the dim."""
    values = _floats(n, 1)
    half = len(values) // 2
    starts = _spread(values[:half], axes, [0.0] * rank)
    return starts + _spread(values[half:], axes, [1.0] * rank)


def _scaled(dims: Dims, scales: Sequence[float], roi: Sequence[float] | None = None) -> Dims:
    """floor(dim * extent * scale); in single precision, as onnxruntime does, where the dim is a number."""
    rank = len(dims)
    if len(scales) != rank or any(not 0 < s < 1e6 for s in scales):
        raise ValueError(f"scales are {rank} positive numbers, got {list(scales)}")
    extents = [1.0] * rank if roi is None else [roi[rank + i] - roi[i] for i in range(rank)]
    return tuple(_scaled_dim(d, s, e) for d, s, e in zip(dims, scales, extents, strict=True))


def _scaled_dim(dim: DimExpr, scale: float, extent: float) -> DimExpr:
    if dim.is_static:
        return DimExpr.of(math.floor(np.float32(dim.value) * np.float32(extent) * np.float32(scale)))
    fraction = Fraction(scale * extent)
    if fraction.denominator > MAX_DENOMINATOR:
        raise UnsupportedError(f"scale {scale} of the symbolic size {dim}")
    return dim * fraction.numerator // fraction.denominator


def _keep_aspect(n: Node, dims: Dims, target: Dims, axes: Sequence[int]) -> tuple[Dims, list[float] | None]:
    """Sizes and scales under `keep_aspect_ratio_policy`: one scale for all axes, the smallest or largest asked for."""
    policy = n.str_attr("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return target, None
    if policy not in ("not_larger", "not_smaller"):
        raise ValueError(f"unknown keep_aspect_ratio_policy '{policy}'")
    ratios = [static(target[a], "a size") / static(dims[a], "a dim") for a in axes]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    sizes, scales = list(dims), [1.0] * len(dims)
    for axis in axes:
        sizes[axis], scales[axis] = DimExpr.of(math.floor(scale * dims[axis].value + 0.5)), scale
    return tuple(sizes), scales
