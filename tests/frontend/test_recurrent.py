"""RNN, GRU and LSTM in all their forms agree with onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model, native, onnxruntime_outputs, op_names, run

Array = NDArray[Any]
TIME, BATCH, FEATURES, HIDDEN = 5, 3, 4, 6
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
OUTPUTS = {"RNN": ("y", "h"), "GRU": ("y", "h"), "LSTM": ("y", "h", "c")}
ALL = ("B", "sequence_lens", "initial_h", "initial_c", "P")


def arrays(op: str, directions: int) -> dict[str, Array]:
    """All operands by name, in the order that they have in the node."""
    rng = np.random.default_rng(7)
    rows = GATES[op] * HIDDEN

    def make(*shape: int) -> Array:
        return (rng.normal(size=shape) * 0.5).astype(np.float32)

    return {
        "X": make(TIME, BATCH, FEATURES) * 3,
        "W": make(directions, rows, FEATURES),
        "R": make(directions, rows, HIDDEN),
        "B": make(directions, 2 * rows),
        "sequence_lens": np.array([5, 2, 4], np.int32),
        "initial_h": make(directions, BATCH, HIDDEN),
        "initial_c": make(directions, BATCH, HIDDEN),
        "P": make(directions, 3 * HIDDEN),
    }


Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

CASES: list[Case] = [
    *[(op, direction, ALL, {}) for op in GATES for direction in ("forward", "reverse", "bidirectional")],
    *[(op, "bidirectional", (), {}) for op in GATES],
    *[(op, "forward", ("B",), {"clip": 0.3}) for op in GATES],
    ("GRU", "bidirectional", ALL, {"linear_before_reset": 1}),
    ("GRU", "forward", (), {"linear_before_reset": 1}),
    ("LSTM", "forward", ("B", "initial_c"), {"input_forget": 1}),
    ("LSTM", "reverse", ("P",), {"activations": ["HardSigmoid", "Relu", "Softsign"], "activation_alpha": [0.3]}),
    ("RNN", "bidirectional", ("B",), {"activations": ["LeakyRelu", "Affine"], "activation_alpha": [0.2, 0.7],
                                      "activation_beta": [0.1]}),
    ("RNN", "bidirectional", ("B",), {"activations": ["ThresholdedRelu", "ScaledTanh"], "activation_alpha": [0.2, 0.7],
                                      "activation_beta": [0.3]}),
    ("RNN", "bidirectional", ("B",), {"activations": ["Elu", "Softplus"], "activation_alpha": [0.4]}),
]  # fmt: skip


@pytest.mark.parametrize(("op", "direction", "given", "attributes"), CASES)
def test_agrees_with_onnxruntime(op: str, direction: str, given: tuple[str, ...], attributes: dict[str, Any]):
    every = arrays(op, 2 if direction == "bidirectional" else 1)
    names = [*every] if op == "LSTM" else [*every][:6]
    used = [name if name in ("X", "W", "R", *given) else "" for name in names]
    node = helper.make_node(op, used, OUTPUTS[op], hidden_size=HIDDEN, direction=direction, **attributes)
    feeds = {name: every[name] for name in used if name}
    model = make_model([node], {n: Typed(a.shape, a.dtype) for n, a in feeds.items()}, OUTPUTS[op], opset=14)
    wanted = onnxruntime_outputs(model, *feeds.values())
    for execute in (run, native):
        for found, expected in zip(execute(model, *feeds.values()), wanted, strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("op", GATES)
def test_batch_first(op: str):
    """Layout 1 has its batches in front of time and directions."""
    every = arrays(op, 2)
    feeds = {name: every[name] for name in ("X", "W", "R")}
    results: list[list[Array]] = []
    for layout in (0, 1):
        node = helper.make_node(op, ["X", "W", "R"], OUTPUTS[op], hidden_size=HIDDEN, direction="bidirectional", layout=layout)
        x = feeds["X"].swapaxes(0, layout)
        model = make_model([node], {"X": x.shape, "W": feeds["W"].shape, "R": feeds["R"].shape}, OUTPUTS[op])
        results.append(run(model, x, feeds["W"], feeds["R"]))
    for index, (first, second) in enumerate(zip(*results, strict=True)):
        moved = second.transpose(1, 2, 0, 3) if index == 0 else second.swapaxes(0, 1)
        np.testing.assert_allclose(moved, first, rtol=1e-5, atol=1e-6)


def test_the_product_with_the_inputs_stands_before_the_loop():
    node = helper.make_node("RNN", ["X", "W", "R"], ["y"], hidden_size=HIDDEN)
    shapes = {"X": ["time", "batch", FEATURES], "W": [1, HIDDEN, FEATURES], "R": [1, HIDDEN, HIDDEN]}
    names = op_names(make_model([node], shapes))
    scan = names.index("scan")
    assert names[:scan].count("matmul") == 1
    assert names[scan:].count("matmul") == 1
