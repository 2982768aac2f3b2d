"""The bit contract: an item gives the same bits whatever it is computed together with.

Docs: docs/decisions/08-the-order-of-a-reduction-is-fixed.md. A model is compiled for several items and for one of them, once with
every dim known and once with the number of items left open, and all must agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import helper
from onnx_models import make_model

import tilewright

Array = NDArray[Any]
FEW = settings(deadline=None, max_examples=3)


def floats(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def assert_items_are_independent(
    nodes: Sequence[onnx.NodeProto], x: Array, axis: int = 0, constants: Mapping[str, Array] | None = None
) -> None:
    """Item i along `axis` of x and y has the same bits alone, beside the others, and where their number is not known."""

    def run(array: Array, shape: Sequence[int | str]) -> Array:
        return tilewright.compile(make_model(nodes, {"x": shape}, constants=constants)).run([array])["y"]

    together = run(x, x.shape)
    open_shape = [*x.shape[:axis], "n", *x.shape[axis + 1 :]]
    np.testing.assert_array_equal(run(x, open_shape), together, err_msg="the number of items left open")
    for item in {0, x.shape[axis] - 1}:
        one = np.ascontiguousarray(x.take([item], axis))
        np.testing.assert_array_equal(run(one, one.shape), together.take([item], axis), err_msg=f"item {item} alone")


def node(op: str, *more: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, ["x", *more], ["y"], **attributes)


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceMean", "ReduceL2", "ReduceLogSumExp", "ReduceProd"])
@FEW
@given(items=st.integers(2, 40), length=st.integers(1, 300), inner=st.booleans())
def test_reductions(op: str, items: int, length: int, inner: bool) -> None:
    x = floats(2, length, items) if inner else floats(items, length)
    axes = {"axes": np.array([1])}
    assert_items_are_independent([node(op, "axes")], x, axis=2 if inner else 0, constants=axes)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "LpNormalization"])
@FEW
@given(items=st.integers(2, 40), length=st.integers(1, 300), inner=st.booleans())
def test_softmax_and_norms_along_an_axis(op: str, items: int, length: int, inner: bool) -> None:
    x = floats(2, length, items) if inner else floats(items, length)
    assert_items_are_independent([node(op, axis=1)], x, axis=2 if inner else 0)


@FEW
@given(items=st.integers(2, 40), length=st.integers(1, 300))
def test_layer_norm(items: int, length: int) -> None:
    constants = {"s": floats(length), "b": floats(length + 1)[1:]}
    assert_items_are_independent([node("LayerNormalization", "s", "b")], floats(items, length), constants=constants)


@FEW
@given(items=st.integers(2, 5), channels=st.sampled_from([1, 4, 24]), size=st.integers(1, 9))
def test_instance_norm_and_pooling(items: int, channels: int, size: int) -> None:
    x = floats(items, channels, size, size + 1)
    constants = {"s": floats(channels), "b": floats(channels + 1)[1:]}
    assert_items_are_independent([node("InstanceNormalization", "s", "b")], x, constants=constants)
    assert_items_are_independent([node("GlobalAveragePool")], x)


@FEW
@given(items=st.integers(2, 40), inner=st.integers(1, 300), columns=st.integers(1, 70))
def test_matmul(items: int, inner: int, columns: int) -> None:
    assert_items_are_independent([node("MatMul", "w")], floats(items, inner), constants={"w": floats(inner, columns)})
    assert_items_are_independent([node("Gemm", "w", transB=1)], floats(items, inner), constants={"w": floats(columns, inner)})


@FEW
@given(items=st.integers(2, 40), inner=st.integers(1, 300), rows=st.integers(1, 70))
def test_columns_of_a_product(items: int, inner: int, rows: int) -> None:
    times = helper.make_node("MatMul", ["w", "x"], ["y"])
    assert_items_are_independent([times], floats(inner, items), axis=1, constants={"w": floats(rows, inner)})


@FEW
@given(items=st.integers(2, 4), rows=st.integers(1, 20), inner=st.integers(1, 100), columns=st.integers(1, 40))
def test_matmul_of_stacks(items: int, rows: int, inner: int, columns: int) -> None:
    x, w = floats(items, rows, inner), floats(inner, columns)
    assert_items_are_independent([node("MatMul", "w")], x, constants={"w": w})
    square = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", "t")]
    assert_items_are_independent(square, x)


@FEW
@given(
    items=st.integers(2, 4),
    channels=st.sampled_from([(1, 8, 1), (3, 16, 1), (16, 20, 1), (16, 32, 4)]),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    size=st.integers(3, 12),
)
def test_conv(items: int, channels: tuple[int, int, int], kernel: int, stride: int, size: int) -> None:
    inputs, outputs, group = channels
    w = floats(outputs, inputs // group, kernel, kernel)
    conv = node("Conv", "w", group=group, strides=[stride, stride], pads=[kernel // 2] * 4)
    assert_items_are_independent([conv], floats(items, inputs, size, size), constants={"w": w})
