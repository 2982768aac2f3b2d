"""Optimizers, batch normalization while training, dropout and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Typed, make_model, native, run

from tilewright.errors import ShapeError, UnsupportedOpError

Array = NDArray[Any]
DOMAIN = "ai.onnx.preview.training"


def floats(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def check(model: onnx.ModelProto, *arrays: Array, tolerance: float = 1e-5) -> None:
    """As the `onnx` package has it."""
    evaluator: Any = ReferenceEvaluator(model)
    wanted = evaluator.run(None, dict(zip((i.name for i in model.graph.input), arrays, strict=True)))
    for execute in (run, native):
        for found, value in zip(execute(model, *arrays), wanted, strict=True):
            assert found.shape == np.shape(value)
            np.testing.assert_allclose(found, value, rtol=tolerance, atol=1e-6)


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize(
    ("op", "parts", "attributes"),
    [
        ("Adagrad", 1, {"decay_factor": 0.1, "epsilon": 1e-5, "norm_coefficient": 0.01}),
        ("Adam", 2, {"alpha": 0.9, "beta": 0.99, "epsilon": 1e-5, "norm_coefficient": 0.01, "norm_coefficient_post": 0.02}),
        ("Momentum", 1, {"alpha": 0.9, "beta": 0.8, "mode": "standard", "norm_coefficient": 0.01}),
        ("Momentum", 1, {"alpha": 0.9, "beta": 0.8, "mode": "nesterov", "norm_coefficient": 0.0}),
    ],
)
def test_optimizers(op: str, parts: int, attributes: dict[str, Any], steps: int):
    values = [floats(2, 3, seed=1), floats(4, seed=2)]
    tensors = {f"{kind}{i}": np.abs(v) + kind_number if kind_number > 1 else v + kind_number
               for kind_number, kind in enumerate(["x", "g", "s", "t"][: 2 + parts]) for i, v in enumerate(values)}  # fmt: skip
    outputs = [f"{name}_new" for name in tensors if name[0] != "g"]
    names = ["r", "t", *tensors]
    node = helper.make_node(op, names, outputs, domain=DOMAIN, **attributes)
    arrays = [np.float32(0.1), np.int64(steps), *tensors.values()]
    types = {n: Typed(np.shape(a), np.asarray(a).dtype) for n, a in zip(names, arrays, strict=True)}
    check(make_model([node], types, outputs, domains=[DOMAIN]), *map(np.asarray, arrays))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_batch_norm_follows_the_batch(dtype: Any):
    x = floats(4, 3, 5, seed=1).astype(dtype)
    parameters = [np.abs(floats(3, seed=i)) for i in range(2, 6)]
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2"], training_mode=1, momentum=0.75)
    shapes = {"x": Typed(["batch", 3, 5], dtype), **{name: [3] for name in "sbmv"}}
    found = native(make_model([node], shapes, ["y", "m2", "v2"]), x, *parameters)
    scale, bias, mean, var = (p[:, None].astype(np.float64) for p in parameters)
    wide = x.astype(np.float64)
    own = wide.mean((0, 2), keepdims=True), wide.var((0, 2), keepdims=True)
    loose = 1e-5 if dtype == np.float32 else 2e-3
    np.testing.assert_allclose(found[0], scale * (wide - own[0]) / np.sqrt(own[1] + 1e-5) + bias, rtol=loose, atol=loose)
    for new, old, batch in zip(found[1:], (mean, var), own, strict=True):
        np.testing.assert_allclose(new, (old * 0.75 + batch[0] * 0.25)[:, 0], rtol=loose, atol=loose)


def test_batch_norm_with_statistics_for_each_element():
    x, parameters = floats(4, 2, 3), [np.abs(floats(2, 3, seed=i)) for i in range(1, 5)]
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], spatial=0)
    (found,) = native(make_model([node], {"x": [4, 2, 3], **{name: [2, 3] for name in "sbmv"}}, opset=7), x, *parameters)
    scale, bias, mean, var = parameters
    np.testing.assert_allclose(found, scale * (x - mean) / np.sqrt(var + 1e-5) + bias, rtol=1e-5, atol=1e-6)


# -- dropout --------------------------------------------------------------------------------------------------------------


def dropped(ratio: float, training: bool, seed: int | None = 1, size: int = 20000) -> tuple[Array, Array]:
    attributes: dict[str, Any] = {} if seed is None else {"seed": seed}
    node = helper.make_node("Dropout", ["x", "r", "t"], ["y", "mask"], **attributes)
    types = {"x": Typed(["n"], np.float32), "r": Typed([], np.float32), "t": Typed([], np.bool_)}
    y, mask = native(
        make_model([node], types, ["y", "mask"]), np.ones(size, np.float32), np.array(ratio, np.float32), np.array(training)
    )
    return y, mask


def test_dropout_keeps_its_share():
    y, mask = dropped(0.3, True)
    assert abs(mask.mean() - 0.7) < 0.02
    assert abs(np.corrcoef(mask[1:], mask[:-1])[0, 1]) < 0.03
    np.testing.assert_allclose(y, np.where(mask, np.float32(1 / 0.7), 0), rtol=1e-6)
    assert (dropped(0.3, True)[1] == mask).all()
    assert (dropped(0.3, True, seed=2)[1] != mask).any()


@pytest.mark.parametrize(("ratio", "training"), [(0.0, True), (0.5, False)])
def test_dropout_that_drops_nothing(ratio: float, training: bool):
    y, mask = dropped(ratio, training, seed=None, size=100)
    assert mask.all()
    assert (y == 1).all()


# -- gradients ------------------------------------------------------------------------------------------------------------


def gradient_of(nodes: list[onnx.NodeProto], arrays: dict[str, Array], at: dict[str, Array] | None = None) -> list[Array]:
    """The gradients of `y` with respect to all inputs, at their own values or at others."""
    feeds = arrays | {f"{name}_at": value for name, value in (at or {}).items()}
    points = [f"{name}_at" if at and name in at else name for name in arrays]
    outputs = [f"d_{name}" for name in arrays]
    nodes = [*nodes, helper.make_node("Gradient", points, outputs, domain=DOMAIN, xs=list(arrays), y="y")]
    model = make_model(nodes, {name: a.shape for name, a in feeds.items()}, outputs, domains=[DOMAIN], opset=13)
    found, compiled = run(model, *feeds.values()), native(model, *feeds.values())
    for a, b in zip(found, compiled, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    return found


def numeric(f: Callable[..., Any], arrays: list[Array]) -> list[Array]:
    """Central differences of sum(f) in double precision."""
    wide = [a.astype(np.float64) for a in arrays]
    results = [np.zeros(a.shape) for a in wide]
    for a, result in zip(wide, results, strict=True):
        for index in np.ndindex(a.shape):
            kept = a[index]
            a[index] = kept + 1e-5
            high = np.sum(f(*wide))
            a[index] = kept - 1e-5
            result[index] = (high - np.sum(f(*wide))) / 2e-5
            a[index] = kept
    return results


def node(op: str, inputs: str, output: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], **attributes)


A, B = np.abs(floats(3, 4, seed=1)) + 0.5, np.abs(floats(4, seed=2)) + 0.5
M = floats(4, 2, seed=3)


def erf(x: Array) -> Array:
    return np.array([math.erf(v) for v in x.flat]).reshape(x.shape)


@dataclass
class Case:
    """Nodes from `a` and `b` to `y`, and the same in numpy."""

    nodes: list[onnx.NodeProto]
    f: Callable[[Any, Any], Any]
    b: Array = field(default_factory=lambda: B)


GRADIENTS = [
    Case([node("Mul", "a b", "c"), node("Sub", "c a", "d"), node("Div", "d b")], lambda a, b: (a * b - a) / b),
    Case([node("Pow", "a b")], lambda a, b: a**b),
    Case(
        [node("Max", "a b", "c"), node("Min", "c a", "d"), node("Mul", "c d")],
        lambda a, b: np.maximum(a, b) * np.minimum(np.maximum(a, b), a),
    ),
    Case([node("MatMul", "a b", "c"), node("Tanh", "c")], lambda a, b: np.tanh(a @ b), M),
    Case(
        [node("Transpose", "a", "t", perm=[1, 0]), node("Gemm", "t b", "c", transA=1), node("Relu", "c")],
        lambda a, b: np.maximum(a @ b, 0),
        M,
    ),
    Case(
        [node("Gemm", "a b", "c", transB=1), node("Sigmoid", "c")],
        lambda a, b: 1 / (1 + np.exp(-a @ b.T)),
        np.ascontiguousarray(M.T),
    ),
    Case(
        [node("Softmax", "a", "s"), node("Mul", "s b", "m"), node("ReduceMean", "m", axes=[1], keepdims=0)],
        lambda a, b: (np.exp(a) / np.exp(a).sum(-1, keepdims=True) * b).mean(1),
    ),
    Case(
        [
            *(node("Concat", "a a", "c", axis=0), node("Exp", "c", "e"), node("ReduceSumSquare", "e", "r")),
            *(node("Sqrt", "r", "q"), node("Log", "q", "l"), node("Mul", "l b")),
        ],
        lambda a, b: np.log(np.sqrt((np.exp(np.concatenate([a, a])) ** 2).sum())) * b,
    ),
    Case(
        [
            *(node("Less", "a b", "m"), node("Where", "m a b", "w"), node("Sin", "w", "s")),
            *(node("Erf", "a", "e"), node("Add", "s e")),
        ],
        lambda a, b: np.sin(np.minimum(a, b)) + erf(a),
    ),
]


@pytest.mark.parametrize("case", GRADIENTS)
def test_gradients_are_those_of_central_differences(case: Case):
    found = gradient_of(case.nodes, {"a": A, "b": case.b})
    for g, wanted in zip(found, numeric(case.f, [A, case.b]), strict=True):
        np.testing.assert_allclose(g, wanted, rtol=1e-3, atol=1e-4)


def test_gradient_at_another_point():
    first, second = gradient_of([node("Mul", "a a", "c"), node("Mul", "c b")], {"a": A, "b": B}, {"a": A + 1})
    np.testing.assert_allclose(first, 2 * (A + 1) * B, rtol=1e-5)
    np.testing.assert_allclose(second, ((A + 1) ** 2).sum(0), rtol=1e-5)


def test_gradient_of_an_op_without_a_rule():
    with pytest.raises(UnsupportedOpError, match=r"the gradient of graph.cumsum"):
        axis = helper.make_node("Constant", [], ["axis"], value_int=0)
        gradient_of([axis, node("CumSum", "a axis")], {"a": A})


def test_gradient_of_what_is_not_there():
    with pytest.raises(ShapeError, match="is no tensor"):
        gradient_of([node("Neg", "a", "c")], {"a": A})
