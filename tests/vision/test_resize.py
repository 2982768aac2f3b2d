"""Resize and Upsample in all their variants beside onnxruntime, their sizes constant or known at run time."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tilewright
from tilewright.errors import TilewrightError

from .peers import assert_agrees, one_node

Array = NDArray[Any]
rng = np.random.default_rng(0)
X = rng.standard_normal((1, 2, 5, 6)).astype(np.float32)
COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
SCALES = np.array([1, 1, 1.5, 0.5], np.float32)  # whole sizes but for rounding: onnxruntime rounds before it aligns corners
SIZES = np.array([1, 2, 8, 3])


def check(
    mode: str, scales: Array | None = None, sizes: Array | None = None, tolerance: float = 1e-4, opset: int = 19, **rest: Any
) -> None:
    """With the sizes as constants, and as inputs."""
    given = {2: scales} if scales is not None else {3: np.asarray(sizes)}
    inputs: list[Array | None] = [X, None, *([scales] if scales is not None else [None, sizes])]
    assert_agrees(*one_node("Resize", [X], given, opset=opset, mode=mode, **rest), tolerance)
    assert_agrees(*one_node("Resize", inputs, opset=opset, mode=mode, **rest), tolerance)


@pytest.mark.parametrize(("mode", "coordinate"), list(product(("nearest", "linear", "cubic"), COORDINATES)))
def test_coordinates(mode: str, coordinate: str) -> None:
    check(mode, sizes=SIZES, coordinate_transformation_mode=coordinate)
    if coordinate != "align_corners":
        check(mode, SCALES, coordinate_transformation_mode=coordinate)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_roundings(rounding: str) -> None:
    check("nearest", SCALES, nearest_mode=rounding, coordinate_transformation_mode="asymmetric")


@pytest.mark.parametrize("exclude", [0, 1])
@pytest.mark.parametrize("antialias", [0, 1])
def test_cubic(exclude: int, antialias: int) -> None:
    check("cubic", SCALES, exclude_outside=exclude, antialias=antialias, cubic_coeff_a=-0.5)
    check("cubic", sizes=np.array([1, 2, 3, 2]), exclude_outside=exclude, antialias=antialias)


@pytest.mark.parametrize("exclude", [0, 1])
def test_antialiased_linear(exclude: int) -> None:
    check("linear", np.array([1, 1, 0.4, 0.7], np.float32), antialias=1, exclude_outside=exclude)


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
@pytest.mark.parametrize("axes", [[2, 3], [3, 2]])
def test_policies_and_axes(axes: list[int], policy: str) -> None:
    for mode in ("nearest", "linear"):
        check(mode, sizes=np.array([9, 7]), axes=axes, keep_aspect_ratio_policy=policy)
        check(mode, sizes=np.array([3, 4]), axes=axes, keep_aspect_ratio_policy=policy)
    check("linear", np.array([1.5, 0.5], np.float32), axes=axes)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("axes", [None, [2, 3], [3, 2]])
def test_regions(axes: list[int] | None, mode: str) -> None:
    corner, end = ([0, 0, 0.4, -0.2], [1, 1, 0.9, 1.3]) if axes is None else ([0.4, -0.2], [0.9, 1.3])
    roi = np.array([*corner, *end], np.float32)
    sizes = np.array([1, 2, 4, 7] if axes is None else [4, 7])
    rest: dict[str, Any] = {"coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 9.0, "mode": mode}
    if axes is not None:
        rest["axes"] = axes
    assert_agrees(*one_node("Resize", [X], {1: roi, 3: sizes}, opset=19, **rest), 1e-4)
    assert_agrees(*one_node("Resize", [X, roi, None, sizes], opset=19, **rest), 1e-4)
    assert_agrees(*one_node("Resize", [X, roi], {3: sizes}, opset=19, **rest), 1e-4)


def test_a_region_by_scales() -> None:
    roi, scales = np.array([0, 0, 0.2, 0.1, 1, 1, 0.8, 0.9], np.float32), np.array([1, 1, 2, 1.5], np.float32)
    rest: dict[str, Any] = {"coordinate_transformation_mode": "tf_crop_and_resize", "mode": "linear"}
    assert_agrees(*one_node("Resize", [X], {1: roi, 2: scales}, opset=13, **rest), 1e-4)
    assert_agrees(*one_node("Resize", [X, roi, scales], opset=13, **rest), 1e-4)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [[1.0, 1.0, 2.0, 3.0], [1.0, 1.0, 0.5, 0.4], [1.0, 1.0, 1.3, 0.7]])
def test_old_forms(scales: list[float], mode: str) -> None:
    factors = np.array(scales, np.float32)
    assert_agrees(*one_node("Resize", [X], {1: factors}, opset=10, mode=mode), 1e-4)
    assert_agrees(*one_node("Resize", [X, factors], opset=10, mode=mode), 1e-4)
    if min(scales) >= 1:
        assert_agrees(*one_node("Upsample", [X], opset=7, mode=mode, scales=scales), 1e-4)
        assert_agrees(*one_node("Upsample", [X, factors], opset=9, mode=mode), 1e-4)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_dynamic_sizes(mode: str) -> None:
    dims = {0: ["n", "c", "h", "w"]}
    for scales in (SCALES, np.array([1, 1, 1.2345678, 0.7654321], np.float32)):
        assert_agrees(*one_node("Resize", [X], {2: scales}, opset=19, mode=mode, dims=dims), 1e-4)
    assert_agrees(*one_node("Resize", [X], {3: SIZES}, opset=19, mode=mode, dims=dims), 1e-4)
    rest: dict[str, Any] = {"keep_aspect_ratio_policy": "not_larger", "axes": [2, 3]}
    assert_agrees(*one_node("Resize", [X], {3: np.array([9, 7])}, opset=19, mode=mode, dims=dims, **rest), 1e-4)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("scales", [(2, 1, 1.5, 1), (1, 2, 0.5, 2), (2, 2, 1, 1), (1, 1, 1, 1), (1, 1.4, 1, 1)])
def test_batch_and_channels_by_scales_of_run_time(scales: tuple[float, ...], mode: str) -> None:
    """Kernels take the short way where both stay as they are; the constant model knows which way to go."""
    factors = np.array(scales, np.float32)
    constant, feeds = one_node("Resize", [X], {2: factors}, opset=19, mode=mode)
    expected = tilewright.compile(constant, guard=True).run(feeds)["y0"]
    model, feeds = one_node("Resize", [X, None, factors], opset=19, mode=mode)
    np.testing.assert_allclose(tilewright.compile(model, guard=True).run(feeds)["y0"], expected, 1e-5, 1e-5)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("scale", [np.nan, -1.0, 0.0])
def test_scales_that_make_nothing(scale: float, mode: str) -> None:
    scales = np.array([1, 1, scale, 1], np.float32)
    model, feeds = one_node("Resize", [X, None, scales], opset=19, mode=mode)
    with suppress(TilewrightError):
        assert tilewright.compile(model, guard=True).run(feeds)["y0"].size == 0


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_nothing_is_not_resized_to_something(mode: str) -> None:
    empty, dims = np.zeros((1, 2, 0, 6), np.float32), {0: [1, 2, "h", 6]}
    model, feeds = one_node("Resize", [empty, None, None, np.array([1, 2, 3, 6])], opset=19, mode=mode, dims=dims)
    with pytest.raises(TilewrightError):
        tilewright.compile(model, guard=True).run(feeds)
