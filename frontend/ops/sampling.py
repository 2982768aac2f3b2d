"""Images read at computed positions: grids, deformed windows, regions of interest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import Float64Type, f32
from xdsl.ir import Attribute, SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.types import Dims, dims_of, element_of
from ..counting import count, numbers
from ..node import Node, static
from ..registry import op
from ..windows import window
from .movement import join
from .slicing import ONE, ZERO, cut

_MODES = {"nearest": "nearest", "bilinear": "linear", "linear": "linear", "bicubic": "cubic", "cubic": "cubic"}


@op("GridSample", since=16)
def grid_sample(n: Node) -> SSAValue:
    """Coordinates in [-1, 1], the innermost dim's first, become pixels in the order of the dims."""
    mode, align = n.str_attr("mode", "linear" if n.opset >= 20 else "bilinear"), bool(n.int_attr("align_corners", 0))
    if mode not in _MODES:
        raise ValueError(f"mode is one of {', '.join(_MODES)}; got '{mode}'")
    spatial = n.shape(0)[2:]
    _need_pixels(n, spatial)
    at = _backwards(n, _pixels(n, n.x(1), spatial[::-1], align))
    return n.emit(graph.SampleOp(n.x(), at, _MODES[mode], n.str_attr("padding_mode", "zeros"), align))


def _need_pixels(n: Node, spatial: Sequence[DimExpr]) -> None:
    for size in spatial:
        n.need(size - 1)


def _pixels(n: Node, grid: SSAValue, sizes: Dims, align: bool) -> SSAValue:
    """Normalised coordinates as pixels: ((g + 1) * size - 1) / 2, or (g + 1) / 2 * (size - 1); halves are computed in f32."""
    grid = n.build.cast(grid, _precise(grid))
    lengths = numbers(n, [s - 1 for s in sizes] if align else sizes, element_of(grid))
    shifted = n.emit(graph.AddOp(grid, n.build.scalar(1, grid)))
    if align:
        return n.emit(graph.MulOp(n.emit(graph.MulOp(shifted, n.build.scalar(0.5, grid))), lengths))
    edges = n.emit(graph.SubOp(n.emit(graph.MulOp(shifted, lengths)), n.build.scalar(1, grid)))
    return n.emit(graph.MulOp(edges, n.build.scalar(0.5, grid)))


def _precise(x: SSAValue) -> Attribute:
    """The type in which coordinates are computed."""
    element = element_of(x)
    return element if isinstance(element, Float64Type) else f32


def _backwards(n: Node, x: SSAValue) -> SSAValue:
    """The last dim, a known number, turned round."""
    dims = dims_of(x)
    last = static(dims[-1], "the last dim of the grid")
    starts, steps = [ZERO] * (len(dims) - 1), [ONE] * (len(dims) - 1)
    return cut(n, x, [*starts, DimExpr.of(last - 1)], dims, [*steps, DimExpr.of(-1)])


# -- grids of an affine map -------------------------------------------------------------------------------------------------
@op("AffineGrid", since=20)
def affine_grid(n: Node) -> SSAValue:
    """theta [N, r, r + 1] times every pixel's normalised coordinates (innermost first) and 1: [N, I1.., Ir, r]."""
    (batch, _, *spatial), align = n.dims(1), bool(n.int_attr("align_corners", 0))
    theta, rank = n.build.cast(n.x(), _precise(n.x())), len(spatial)
    _need_pixels(n, spatial)
    axes = [(_normalised(n, size, align, theta), k) for k, size in enumerate(spatial)]
    one = n.build.reshape(n.build.scalar(1, theta), [ONE])
    points = _mesh(n, [*axes[::-1], (one, 0)], spatial)
    flat = n.build.reshape(points, [product(spatial), DimExpr.of(rank + 1)])
    moved = n.emit(graph.MatmulOp(flat, theta, transpose_rhs=True))
    return n.build.cast(n.build.reshape(moved, [batch, *spatial, DimExpr.of(rank)]), n.element())


def _normalised(n: Node, size: DimExpr, align: bool, like: SSAValue) -> SSAValue:
    """The coordinates of the pixels of one dim: -1 and 1 are the centres of the outermost (`align`), or their outer edges."""
    length = numbers(n, [(size - 1).max(1) if align else size], element_of(like))
    step = n.emit(graph.DivOp(n.build.scalar(2, like), length))
    start = n.build.scalar(0 if align else 0.5, like)
    place = n.emit(graph.AddOp(count(n, size, element_of(like)), start))
    return n.emit(graph.SubOp(n.emit(graph.MulOp(place, step)), n.build.scalar(1, like)))


def _mesh(n: Node, columns: Sequence[tuple[SSAValue, int]], dims: Sequence[DimExpr]) -> SSAValue:
    """[*dims, columns]: each column a vector along one of the dims."""
    parts: list[SSAValue] = []
    for vector, axis in columns:
        (size,) = dims_of(vector)
        spread = n.build.reshape(vector, [size if k == axis else ONE for k in range(len(dims) + 1)])
        parts.append(n.build.broadcast(spread, [*dims, ONE]))
    return join(n, parts, -1)


# -- deformable convolution -------------------------------------------------------------------------------------------------
@op("DeformConv", since=19)
def deform_conv(n: Node) -> SSAValue:
    """A convolution whose taps move by `offset` and count by `mask`: they are sampled, and multiplied as a matrix."""
    w, (batch, channels, *spatial), out = n.x(1), n.shape(), n.shape(2)[2:]
    outputs, inputs, *taps = dims_of(w)
    groups, offset_groups, points = n.int_attr("group", 1), n.int_attr("offset_group", 1), product(taps)
    _need_pixels(n, spatial)
    at = n.build.reshape(_tap_places(n, taps, out, offset_groups), [batch * offset_groups, points, *out, DimExpr.of(len(out))])
    x = n.build.reshape(n.x(), [batch * offset_groups, channels // offset_groups, *spatial])
    values = n.emit(graph.SampleOp(x, at))
    if n.has(4):
        mask = n.build.reshape(n.x(4), [batch * offset_groups, ONE, points, *out])
        values = n.emit(graph.MulOp(values, mask))
    columns = n.build.reshape(values, [batch, DimExpr.of(groups), inputs * points, product(out)])
    weight = n.build.reshape(w, [ONE, DimExpr.of(groups), outputs // groups, inputs * points])
    y = n.build.reshape(n.emit(graph.MatmulOp(weight, columns)), [batch, outputs, *out])
    if not n.has(3):
        return y
    return n.emit(graph.AddOp(y, n.build.reshape(n.x(3), [outputs, *[ONE] * len(out)])))


def _tap_places(n: Node, taps: Sequence[DimExpr], out: Dims, groups: int) -> SSAValue:
    """[N, groups, taps, *out, r]: where in x each tap of each output is."""
    rank, (batch, _, *rest) = len(taps), n.shape(2)
    strides, dilations = window(n, rank)
    pads = n.ints_attr("pads", [0] * (2 * rank))
    if len(rest) != rank or len(pads) != 2 * rank:
        raise ValueError(f"offset has {len(rest)} and pads {len(pads)} spatial values for a kernel of rank {rank}")
    for size, kernel, stride, dilation, low, high, found in zip(
        n.shape()[2:], taps, strides, dilations, pads[:rank], pads[rank:], out, strict=True
    ):
        n.build.assumptions.need_equal((size + (low + high) - ((kernel - 1) * dilation + 1)) // stride + 1, found)
    offset = n.build.reshape(n.x(2), [batch, DimExpr.of(groups), product(taps), DimExpr.of(rank), *out])
    offset = n.build.transpose(offset, [0, 1, 2, *range(4, 4 + rank), 3])
    offset = n.build.cast(offset, _precise(offset))
    tap = np.stack(np.meshgrid(*[np.arange(static(k, "a kernel dim")) for k in taps], indexing="ij"), -1)
    moved = (tap.reshape(-1, rank) * dilations - pads[:rank]).reshape(-1, *[1] * rank, rank)
    corner = _mesh(n, [(_spaced(n, size, s, offset), k) for k, (size, s) in enumerate(zip(out, strides, strict=True))], out)
    places = n.emit(graph.AddOp(offset, n.build.constant(moved.astype(numpy_dtype(element_of(offset)))).value()))
    return n.emit(graph.AddOp(places, corner))


def _spaced(n: Node, size: DimExpr, stride: int, like: SSAValue) -> SSAValue:
    """0, stride, 2 * stride, .."""
    return n.emit(graph.MulOp(count(n, size, element_of(like)), n.build.scalar(stride, like)))


# -- regions ----------------------------------------------------------------------------------------------------------------
@op("RoiAlign", since=10)
def roi_align(n: Node) -> SSAValue:
    """Coordinates move by half a pixel from opset 16 on, unless told otherwise."""
    mode, half = n.str_attr("mode", "avg"), "half_pixel" if n.opset >= 16 else "output_half_pixel"
    coordinates = n.str_attr("coordinate_transformation_mode", half)
    if mode not in ("avg", "max") or coordinates not in ("half_pixel", "output_half_pixel"):
        raise ValueError(f"mode is avg or max, coordinates are half_pixel or output_half_pixel; got '{mode}', '{coordinates}'")
    size = [n.int_attr("output_height", 1), n.int_attr("output_width", 1)]
    ratio, scale = max(n.int_attr("sampling_ratio", 0), 0), n.float_attr("spatial_scale", 1.0)
    kind = "average" if mode == "avg" else "max"
    return n.emit(graph.RoiAlignOp(n.x(0), n.x(1), n.x(2), size, kind, ratio, scale, coordinates == "half_pixel"))


@op("MaxRoiPool")
def max_roi_pool(n: Node) -> SSAValue:
    return n.emit(graph.RoiMaxPoolOp(n.x(0), n.x(1), n.ints_attr("pooled_shape"), n.float_attr("spatial_scale", 1.0)))
