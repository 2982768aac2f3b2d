"""The numeric ops of ai.onnx.ml agree with onnxruntime, or with the `onnx` package where that is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Typed, make_model, native, onnxruntime_outputs, run

import tilewright
from tilewright.errors import BadModelError, ShapeError

Array = NDArray[Any]
DOMAIN = "ai.onnx.ml"
X = np.array([[1.5, -2, 3, 0.25], [-1, -5, -2, 1], [0, 0, 0, 0], [0.5, 2, np.inf, -1]], np.float32)
SMALL = np.linspace(-0.4, 0.6, 20, dtype=np.float32).reshape(5, 4)
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


def model_of(op: str, inputs: Sequence[Array], outputs: int = 1, version: int = 3, **attributes: Any) -> onnx.ModelProto:
    names, results = [f"x{i}" for i in range(len(inputs))], [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, domain=DOMAIN, **attributes)
    types = {n: Typed(x.shape, x.dtype) for n, x in zip(names, inputs, strict=True)}
    return make_model([node], types, results, opset=18, domains={DOMAIN: version}, ir_version=9)


def check(model: onnx.ModelProto, *inputs: Array, expected: Callable[..., list[Array]] = onnxruntime_outputs) -> None:
    wanted = expected(model, *inputs)
    for execute in (run, native):
        for found, value in zip(execute(model, *inputs), wanted, strict=True):
            assert (found.dtype, found.shape) == (value.dtype, value.shape)
            np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


def of_onnx(model: onnx.ModelProto, *inputs: Array) -> list[Array]:
    evaluator: Any = ReferenceEvaluator(model)
    return [np.asarray(y) for y in evaluator.run(None, dict(zip((i.name for i in model.graph.input), inputs, strict=True)))]


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"),
    [
        *[("Normalizer", [X[:3]], {"norm": norm}) for norm in ("MAX", "L1", "L2")],
        ("Normalizer", [X[0]], {"norm": "L1"}),
        ("Normalizer", [np.arange(6, dtype=np.int64).reshape(2, 3)], {"norm": "L2"}),
        ("Scaler", [X], {"scale": [2.0], "offset": [1.0]}),
        ("Scaler", [X], {"scale": [1.0, 2.0, 3.0, 4.0], "offset": [0.0, 1.0, 2.0, 3.0]}),
        ("Scaler", [X[:3].astype(np.int64)], {"scale": [0.5], "offset": [1.0]}),
        ("Binarizer", [X], {"threshold": 0.25}),
        ("ArrayFeatureExtractor", [X, np.array([0, 2])], {}),
        ("ArrayFeatureExtractor", [X, np.array([[3, 1]])], {}),
        ("ArrayFeatureExtractor", [X[0], np.array([1])], {}),
        ("ArrayFeatureExtractor", [X.reshape(2, 2, 4), np.array([1, 0])], {}),
        ("Imputer", [X], {"imputed_value_floats": [7.0], "replaced_value_float": 0.0}),
        ("Imputer", [np.where(X > 0, np.float32(np.nan), X)], {"imputed_value_floats": [1.0, 2.0, 3.0, 4.0],
                                                               "replaced_value_float": float("nan")}),
        ("Imputer", [X[:3].astype(np.int64)], {"imputed_value_int64s": [9], "replaced_value_int64": -2}),
        ("FeatureVectorizer", [X, X[:, :2]], {"inputdimensions": [2, 3]}),
        ("FeatureVectorizer", [X[0], X[1, :2]], {"inputdimensions": [4, 2]}),
        ("OneHotEncoder", [np.array([[1, 2], [3, 4]])], {"cats_int64s": [4, 1, 2]}),
        ("OneHotEncoder", [np.array([2, 5], np.int64)], {"cats_int64s": [5, 2, 0]}),
        ("LinearRegressor", [X[:3]], {"coefficients": [1.0, 2.0, 3.0, 4.0], "intercepts": [0.5]}),
        *[("LinearRegressor", [SMALL], {"coefficients": [0.1 * i for i in range(12)], "intercepts": [0.1, 0.2, 0.3], "targets": 3,
                                        "post_transform": t}) for t in TRANSFORMS[:4]],
    ],
)  # fmt: skip
def test_features_and_regression(op: str, inputs: list[Array], attributes: dict[str, Any]):
    check(model_of(op, inputs, **attributes), *inputs)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_linear_classifier(transform: str):
    attributes: dict[str, Any] = {"classlabels_ints": [4, 9, 6], "intercepts": [0.3, 0.4, 0.35], "post_transform": transform}
    model = model_of("LinearClassifier", [SMALL], 2, coefficients=[0.02 * (i % 5) for i in range(12)], **attributes)
    check(model, SMALL)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [("NONE", onnxruntime_outputs), ("LOGISTIC", onnxruntime_outputs), ("SOFTMAX", of_onnx), ("SOFTMAX_ZERO", of_onnx)],
)
def test_linear_classifier_of_two_classes(transform: str, expected: Callable[..., list[Array]]):
    attributes: dict[str, Any] = {"coefficients": [1.0, 2.0, 3.0, 4.0], "intercepts": [0.1], "post_transform": transform}
    check(model_of("LinearClassifier", [SMALL], 2, classlabels_ints=[3, 7], **attributes), SMALL, expected=expected)


LABELS = np.array([[5, 1, 7], [2, 1, 99]])


@pytest.mark.parametrize(
    ("x", "version", "attributes"),
    [
        (LABELS, 2, {"keys_int64s": [5, 7, 1], "values_floats": [0.5, 0.7, 0.1], "default_float": -2.0}),
        (LABELS, 2, {"keys_int64s": [5], "values_int64s": [50]}),
        (LABELS, 2, {"keys_int64s": [7, 5, 2, 1, 3], "values_int64s": [70, 50, 20, 10, 30], "default_int64": 8}),
        (X, 2, {"keys_floats": [0.0, 1.5, -2.0, float("nan")], "values_int64s": [1, 2, 3, 4], "default_int64": 0}),
        (np.where(X > 1, np.float32(np.nan), X), 4, {"keys_floats": [0.0, float("nan")], "values_floats": [1.0, 9.0]}),
    ],
)
def test_label_encoder(x: Array, version: int, attributes: dict[str, Any]):
    check(model_of("LabelEncoder", [x], version=version, **attributes), x)


def test_label_encoder_of_tensors():
    tensors = {
        "keys_tensor": np.array([3, 1, 2], np.int64),
        "values_tensor": np.array([0.3, 0.1, 0.2]),
        "default_tensor": np.array([-1.0]),
    }
    attributes = {name: numpy_helper.from_array(value, name) for name, value in tensors.items()}
    x = np.array([1, 2, 3, 4], np.int64)
    for execute in (run, native):
        assert execute(model_of("LabelEncoder", [x], 1, 4, **attributes), x)[0].tolist() == [0.1, 0.2, 0.3, -1.0]


def test_labels_that_are_strings():
    """Scores and class numbers are native; only the strings are looked up on the host."""
    names = ["low", "middle", "high"]
    attributes: dict[str, Any] = {"coefficients": [0.1 * (i % 5) for i in range(12)], "intercepts": [0.3, 0.2, 0.1]}
    by_name = model_of("LinearClassifier", [SMALL], 2, classlabels_strings=names, **attributes)
    by_number = model_of("LinearClassifier", [SMALL], 2, classlabels_ints=[0, 1, 2], **attributes)
    labels, scores = tilewright.compile(by_name).run({"x0": SMALL}).values()
    numbers, same = native(by_number, SMALL)
    assert np.asarray(labels).tolist() == [names[i] for i in numbers]
    np.testing.assert_array_equal(scores, same)


def test_keys_that_are_strings():
    model = model_of("LabelEncoder", [LABELS], version=2, keys_int64s=[1, 5], values_strings=["one", "five"], default_string="?")
    (found,) = tilewright.compile(model).run({"x0": LABELS}).values()
    assert np.asarray(found).tolist() == [["five", "one", "?"], ["?", "one", "?"]]


@pytest.mark.parametrize(
    ("op", "attributes", "error"),
    [
        ("Normalizer", {"norm": "L3"}, ShapeError),
        ("LinearRegressor", {"coefficients": [1.0] * 5, "targets": 2}, BadModelError),
        ("LinearRegressor", {"coefficients": [1.0] * 4, "post_transform": "CUBE"}, ShapeError),
        ("FeatureVectorizer", {"inputdimensions": [1, 2]}, ShapeError),
    ],
)
def test_bad_attributes_are_named(op: str, attributes: dict[str, Any], error: type[Exception]):
    with pytest.raises(error):
        run(model_of(op, [X], **attributes), X)


# -- support vector machines ----------------------------------------------------------------------------------------------


def machine(classes: int, kernel: str, probabilities: bool = False) -> dict[str, Any]:
    rng, pairs = np.random.default_rng(1), classes * (classes - 1) // 2
    attributes: dict[str, Any] = {
        "classlabels_ints": [5, 9, 7, 6][:classes],
        "coefficients": rng.normal(size=(classes - 1) * 2 * classes).tolist(),
        "kernel_params": [0.3, 0.1, 2.0],
        "kernel_type": kernel,
        "rho": np.linspace(-0.1, 0.2, pairs).tolist(),
        "support_vectors": (rng.normal(size=classes * 2 * 4) / 2).tolist(),
        "vectors_per_class": [3, 1, 2, 2][:classes] if classes != 3 else [3, 1, 2],
    }
    if probabilities:
        attributes |= {"prob_a": np.linspace(-1, -2, pairs).tolist(), "prob_b": np.linspace(0.1, 0.2, pairs).tolist()}
    return attributes


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_svm_classifier(classes: int, kernel: str):
    check(model_of("SVMClassifier", [SMALL], 2, **machine(classes, kernel)), SMALL)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_svm_probabilities(classes: int, transform: str):
    model = model_of("SVMClassifier", [SMALL], 2, **machine(classes, "RBF", probabilities=True), post_transform=transform)
    for execute in (run, native):
        for found, wanted in zip(execute(model, SMALL), onnxruntime_outputs(model, SMALL), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_linear_svm_classifier():
    attributes: dict[str, Any] = {"classlabels_ints": [3, 1, 2], "coefficients": [0.1 * (i % 7) for i in range(12)], "rho": [0.2]}
    check(model_of("SVMClassifier", [SMALL], 2, **attributes), SMALL, expected=of_onnx_scores)


def of_onnx_scores(model: onnx.ModelProto, *inputs: Array) -> list[Array]:
    """With the labels of the highest scores: the `onnx` package has others for a single rho."""
    _, scores = of_onnx(model, *inputs)
    return [np.array([3, 1, 2])[scores.argmax(1)], scores]


@pytest.mark.parametrize("one_class", [0, 1])
@pytest.mark.parametrize("supports", [0, 5])
def test_svm_regressor(supports: int, one_class: int):
    rng = np.random.default_rng(2)
    attributes: dict[str, Any] = {"n_supports": supports, "rho": [0.1], "one_class": one_class, "kernel_type": "RBF"}
    attributes |= {"coefficients": rng.normal(size=supports or 4).tolist(), "kernel_params": [0.4, 0.0, 3.0]}
    if supports:
        attributes["support_vectors"] = rng.normal(size=supports * 4).tolist()
    check(model_of("SVMRegressor", [SMALL], **attributes), SMALL)
