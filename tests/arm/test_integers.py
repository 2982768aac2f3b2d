"""Products of bytes on every AArch64 target, against numpy: dot products, matrix products, and neither."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper, numpy_helper
from onnx.helper import np_dtype_to_tensor_dtype

from arm.emulator import EMULATED, EmulatedSession
from tilewright.backends.targets import TARGETS

pytestmark = EMULATED
ARM = [name for name, target in TARGETS.items() if target.arch == "aarch64"]
SIGNS = [("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8"), ("int8", "uint8")]
SIZES = [(1, 1, 1), (1, 7, 100), (3, 4, 16), (21, 129, 33), (7, 40, 5), (32, 32, 64)]


def bytes_of(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Numbers that are often the extremes."""
    info = np.iinfo(kind)
    drawn = rng.integers(info.min, info.max + 1, shape)
    return np.where(rng.random(shape) < 0.5, rng.choice([info.min, info.max], shape), drawn).astype(kind)


def model_of(weights: list[NDArray[Any]], lefts: list[NDArray[Any]]) -> ModelProto:
    """A model of one MatMulInteger for each pair."""
    pairs = list(enumerate(zip(lefts, weights, strict=True)))
    nodes = [helper.make_node("MatMulInteger", [f"x{i}", f"w{i}"], [f"y{i}"]) for i, _ in pairs]
    inputs = [helper.make_tensor_value_info(f"x{i}", np_dtype_to_tensor_dtype(x.dtype), x.shape) for i, (x, _) in pairs]
    outputs = [helper.make_tensor_value_info(f"y{i}", 6, (x.shape[0], w.shape[1])) for i, (x, w) in pairs]
    constants = [numpy_helper.from_array(w, f"w{i}") for i, (_, w) in pairs]
    graph = helper.make_graph(nodes, "products", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("target", ARM)
def test_products_of_bytes(target: str) -> None:
    rng = np.random.default_rng(0)
    cases = [(size, kinds) for size in SIZES for kinds in SIGNS]
    lefts = [bytes_of(rng, kinds[0], (m, k)) for (m, k, _), kinds in cases]
    weights = [bytes_of(rng, kinds[1], (k, n)) for (_, k, n), kinds in cases]
    session = EmulatedSession(model_of(weights, lefts), target)
    found = session.run(lefts)
    for i, (left, weight) in enumerate(zip(lefts, weights, strict=True)):
        np.testing.assert_array_equal(found[f"y{i}"], left.astype(np.int32) @ weight.astype(np.int32), err_msg=str(cases[i]))
