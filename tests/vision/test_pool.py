"""Pooling in all its variants, MaxUnpool and Col2Im beside onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tilewright
from tilewright.errors import RunError

from .peers import assert_agrees, one_node

Array = NDArray[Any]
rng = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


WINDOWS: dict[str, dict[str, Any]] = {
    "plain": {"kernel_shape": [3, 2]},
    "strided": {"kernel_shape": [3, 2], "strides": [2, 3]},
    "padded": {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 2, 1]},
    "ceil": {"kernel_shape": [3, 2], "strides": [2, 3], "pads": [1, 1, 0, 1], "ceil_mode": 1},
    "dilated": {"kernel_shape": [2, 3], "dilations": [3, 2], "pads": [1, 1, 1, 1]},
    "dilated ceil": {"kernel_shape": [2, 3], "dilations": [2, 2], "strides": [3, 2], "pads": [1, 0, 1, 2], "ceil_mode": 1},
    "same upper": {"kernel_shape": [3, 2], "strides": [2, 3], "auto_pad": "SAME_UPPER"},
    "same lower": {"kernel_shape": [2, 4], "strides": [1, 3], "auto_pad": "SAME_LOWER"},
    "valid": {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "VALID"},
}
AUTO = ("same upper", "same lower")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("order", [0, 1])
def test_max_pool_with_indices(window: str, order: int) -> None:
    x = rng.integers(-9, 9, (2, 3, 9, 8)).astype(np.float32)  # equal elements: the first counts
    assert_agrees(*one_node("MaxPool", [x], outputs=2, opset=12, storage_order=order, **WINDOWS[window]))


def test_max_pool_of_other_ranks() -> None:
    assert_agrees(*one_node("MaxPool", [floats(1, 2, 9)], outputs=2, opset=12, kernel_shape=[3], pads=[1, 1], strides=[2]))
    window: dict[str, Any] = {"kernel_shape": [2, 3, 2], "pads": [1, 0, 1, 0, 1, 1], "dilations": [1, 2, 1]}
    assert_agrees(*one_node("MaxPool", [floats(1, 2, 5, 6, 4)], outputs=2, opset=12, **window))
    assert_agrees(*one_node("MaxPool", [rng.integers(-128, 127, (1, 2, 5, 6)).astype(np.int8)], opset=12, kernel_shape=[2, 2]))


@pytest.mark.parametrize("include", [0, 1])
@pytest.mark.parametrize("window", WINDOWS)
def test_average_pool(window: str, include: int) -> None:
    case = one_node("AveragePool", [floats(2, 3, 9, 8)], opset=19, count_include_pad=include, **WINDOWS[window])
    assert_agrees(*case)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("window", [w for w in WINDOWS if "ceil" not in w])
def test_lp_pool(window: str, p: int) -> None:
    assert_agrees(*one_node("LpPool", [floats(2, 3, 9, 8)], opset=18, p=p, **WINDOWS[window]))
    assert_agrees(*one_node("GlobalLpPool", [floats(2, 3, 4, 5)], opset=21, p=p))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize("window", AUTO)
def test_automatic_pads_of_dynamic_sizes(op: str, window: str) -> None:
    includes: list[dict[str, Any]] = [{}] if op != "AveragePool" else [{"count_include_pad": 0}, {"count_include_pad": 1}]
    for include in includes:
        case = one_node(op, [floats(2, 3, 9, 8)], dims={0: ["n", 3, "h", "w"]}, opset=18, **WINDOWS[window], **include)
        assert_agrees(*case)


@pytest.mark.parametrize("window", AUTO)
def test_automatic_pads_of_a_convolution_of_dynamic_size(window: str) -> None:
    weight = {1: floats(4, 3, *WINDOWS[window]["kernel_shape"])}
    case = one_node("Conv", [floats(2, 3, 9, 8)], weight, dims={0: ["n", 3, "h", "w"]}, opset=18, **WINDOWS[window])
    assert_agrees(*case, 1e-4)


@pytest.mark.parametrize("group", [1, 6])
def test_convolution_with_a_computed_weight(group: int) -> None:
    inputs = [floats(2, 6, 9, 8), floats(6, 6 // group, 3, 3), floats(6)]
    assert_agrees(*one_node("Conv", inputs, opset=18, group=group, pads=[1, 1, 1, 1]), 1e-4)


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 0, 0, 1]])
def test_max_unpool(pads: list[int]) -> None:
    shape = [2, 3, *(2 * d + 1 - low - high for d, low, high in zip((4, 5), pads, pads[2:], strict=False))]
    indices = rng.permutation(int(np.prod(shape)))[: 2 * 3 * 4 * 5].reshape(2, 3, 4, 5)
    window: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": pads}
    assert_agrees(*one_node("MaxUnpool", [floats(2, 3, 4, 5), indices], opset=11, **window))


@pytest.mark.parametrize("larger", [[0, 0], [2, 1]])
def test_max_unpool_to_a_shape(larger: list[int]) -> None:
    indices = rng.permutation(2 * 3 * 8 * 10)[: 2 * 3 * 4 * 5].reshape(2, 3, 4, 5)
    shape = {2: np.array([2, 3, 8 + larger[0], 10 + larger[1]])}
    case = one_node("MaxUnpool", [floats(2, 3, 4, 5), indices], shape, opset=11, kernel_shape=[2, 2], strides=[2, 2])
    assert_agrees(*case, reference=True)


def test_max_unpool_of_a_bad_index() -> None:
    model, feeds = one_node("MaxUnpool", [floats(1, 1, 1, 1), np.full((1, 1, 1, 1), 4)], opset=11, kernel_shape=[2, 2])
    with pytest.raises(RunError):
        tilewright.compile(model, guard=True).run(feeds)


COLUMNS: dict[str, tuple[list[int], list[int], dict[str, Any]]] = {
    "plain": ([5, 6], [2, 3], {}),
    "overlapping": ([7, 6], [3, 2], {"strides": [2, 1], "pads": [1, 0, 2, 1]}),
    "dilated": ([7, 8], [2, 3], {"dilations": [2, 3]}),
    "one dim": ([9], [3], {"strides": [2], "pads": [1, 1]}),
    "three dims": ([4, 5, 3], [2, 1, 2], {"pads": [0, 1, 1, 0, 0, 1]}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_col2im(name: str) -> None:
    image, block, attributes = COLUMNS[name]
    rank = len(image)
    pads, ones = attributes.get("pads", [0] * 2 * rank), [1] * rank
    strides, dilations = attributes.get("strides", ones), attributes.get("dilations", ones)
    sizes = [(image[k] + pads[k] + pads[k + rank] - dilations[k] * (block[k] - 1) - 1) // strides[k] + 1 for k in range(rank)]
    x = floats(2, 3 * int(np.prod(block)), int(np.prod(sizes)))
    case = one_node("Col2Im", [x], {1: np.array(image), 2: np.array(block)}, opset=18, **attributes)
    assert_agrees(*case, reference=True)
