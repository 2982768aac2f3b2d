"""GridSample, AffineGrid, DeformConv, RoiAlign and MaxRoiPool beside onnxruntime."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tilewright
from tilewright.errors import RunError

from .peers import assert_agrees, one_node

Array = NDArray[Any]
rng = np.random.default_rng(0)
PADDINGS = ("zeros", "border", "reflection")


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def grid_of(*shape: int, spread: float = 2) -> Array:
    return ((rng.random(shape) * 2 - 1) * spread).astype(np.float32)


@pytest.mark.parametrize(("mode", "padding", "align"), list(product(("bilinear", "nearest", "bicubic"), PADDINGS, (0, 1))))
def test_grid_sample(mode: str, padding: str, align: int) -> None:
    modes: dict[str, Any] = {"mode": mode, "padding_mode": padding, "align_corners": align}
    assert_agrees(*one_node("GridSample", [floats(2, 3, 5, 4), grid_of(2, 6, 7, 2)], opset=16, **modes), 2e-5)


@pytest.mark.parametrize(("mode", "padding", "align"), list(product(("linear", "nearest"), PADDINGS, (0, 1))))
def test_grid_sample_of_volumes(mode: str, padding: str, align: int) -> None:
    modes: dict[str, Any] = {"mode": mode, "padding_mode": padding, "align_corners": align}
    assert_agrees(*one_node("GridSample", [floats(2, 2, 3, 5, 4), grid_of(2, 3, 2, 4, 3)], opset=20, **modes), 2e-5)


@pytest.mark.parametrize("align", [0, 1])
def test_grid_sample_of_dynamic_size(align: int) -> None:
    dims = {0: ["n", 3, "h", "w"], 1: ["n", "p", "q", 2]}
    case = one_node("GridSample", [floats(2, 3, 5, 4), grid_of(2, 6, 7, 2)], dims=dims, opset=20, align_corners=align)
    assert_agrees(*case)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
def test_wild_coordinates_stay_inside(mode: str, padding: str) -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 1e9, 0.5, -1], np.float32)
    grid = np.stack(np.meshgrid(wild, wild), -1)[None]
    model, feeds = one_node("GridSample", [floats(1, 2, 5, 4), grid], opset=20, mode=mode, padding_mode=padding)
    assert tilewright.compile(model, guard=True).run(feeds)["y0"].shape == (1, 2, 8, 8)


@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("size", [[2, 3, 4, 5], [2, 1, 3, 4, 2]])
def test_affine_grid(size: list[int], align: int) -> None:
    rank = len(size) - 2
    case = one_node("AffineGrid", [floats(2, rank, rank + 1)], {1: np.array(size)}, opset=20, align_corners=align)
    assert_agrees(*case, reference=True)


@pytest.mark.parametrize("kernel", [[3, 3], [1, 2]])
@pytest.mark.parametrize(("group", "offset_group"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_deform_conv(kernel: list[int], group: int, offset_group: int) -> None:
    window: dict[str, Any] = {"strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [1, 2]}
    rows, columns = (7 + 3 - kernel[0]) // 2 + 1, 6 + 1 - (kernel[1] - 1) * 2
    taps = kernel[0] * kernel[1] * offset_group
    inputs = [
        floats(2, 4, 7, 6),
        floats(6, 4 // group, *kernel),
        floats(2, taps * 2, rows, columns) * 2,
        floats(6),
        floats(2, taps, rows, columns),
    ]
    assert_agrees(*one_node("DeformConv", inputs, opset=19, group=group, offset_group=offset_group, **window), 1e-4)
    assert_agrees(*one_node("DeformConv", inputs[:3], opset=19, group=group, offset_group=offset_group, **window), 1e-4)


def regions(count: int, size: float, wide: float = 1.0) -> Array:
    corner, extent = rng.random((count, 2)) * size, rng.random((count, 2)) * size * wide
    return np.concatenate([corner - size / 4, corner - size / 4 + extent], 1).astype(np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 2])
@pytest.mark.parametrize("coordinates", ["half_pixel", "output_half_pixel"])
def test_roi_align(mode: str, ratio: int, coordinates: str) -> None:
    inputs = [floats(2, 3, 9, 8), regions(11, 20), rng.integers(0, 2, 11)]
    attributes: dict[str, Any] = {"mode": mode, "sampling_ratio": ratio, "output_height": 3, "output_width": 2}
    case = one_node("RoiAlign", inputs, opset=16, coordinate_transformation_mode=coordinates, spatial_scale=0.5, **attributes)
    assert_agrees(*case, 1e-4)


def test_roi_align_before_half_pixels() -> None:
    inputs = [floats(1, 2, 9, 8), regions(5, 8), np.zeros(5, np.int64)]
    assert_agrees(*one_node("RoiAlign", inputs, opset=10, output_height=2, output_width=2), 1e-4)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 3])
def test_roi_align_of_regions_far_outside(mode: str, ratio: int) -> None:
    rois = np.array([[-300, -200, 400, 500], [-90, 2, -20, 8], [2, 2, 1, 1], [3, 3, 3, 3], [-1, -1, 8, 9]], np.float32)
    inputs = [floats(1, 3, 9, 8), rois, np.zeros(5, np.int64)]
    attributes: dict[str, Any] = {"mode": mode, "sampling_ratio": ratio, "output_height": 3, "output_width": 2}
    assert_agrees(*one_node("RoiAlign", inputs, opset=16, **attributes), 1e-4)


@pytest.mark.parametrize("mode", ["avg", "max", "pool"])
def test_wild_regions_end(mode: str) -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 1e7, 0.5], np.float32)
    rois = np.stack(np.meshgrid(wild, wild, wild[:3], wild[3:]), -1).reshape(-1, 4)
    if mode == "pool":
        rois = np.concatenate([np.zeros((len(rois), 1), np.float32), rois], 1)
        model, feeds = one_node("MaxRoiPool", [floats(1, 2, 5, 4), rois], opset=21, pooled_shape=[2, 2])
    else:
        inputs = [floats(1, 2, 5, 4), rois, np.zeros(len(rois), np.int64)]
        model, feeds = one_node("RoiAlign", inputs, opset=16, mode=mode, output_height=2, output_width=2)
    assert tilewright.compile(model, guard=True).run(feeds)["y0"].shape == (len(rois), 2, 2, 2)


@pytest.mark.parametrize("image", [2, -1, 2**40])
def test_roi_align_of_no_such_image(image: int) -> None:
    model, feeds = one_node("RoiAlign", [floats(2, 3, 9, 8), regions(1, 8), np.array([image])], opset=16)
    with pytest.raises(RunError):
        tilewright.compile(model, guard=True).run(feeds)


def test_max_roi_pool() -> None:
    rois = np.concatenate([rng.integers(0, 2, (9, 1)).astype(np.float32), regions(9, 16)], 1)
    inputs = [floats(2, 3, 9, 8), rois]
    assert_agrees(*one_node("MaxRoiPool", inputs, opset=21, pooled_shape=[3, 2], spatial_scale=0.5))


@pytest.mark.parametrize("image", [2.0, -1.0, np.nan, 1e30])
def test_max_roi_pool_of_no_such_image(image: float) -> None:
    rois = np.array([[image, 0, 0, 3, 3]], np.float32)
    model, feeds = one_node("MaxRoiPool", [floats(2, 3, 9, 8), rois], opset=21, pooled_shape=[2, 2])
    with pytest.raises(RunError):
        tilewright.compile(model, guard=True).run(feeds)
