"""Tree ensembles: random trees of every mode agree with a walk in plain Python, and with onnxruntime."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx_models import Typed, make_model, native, onnxruntime_outputs, run

from tilewright.errors import ShapeError
from tilewright.frontend.forest import MODES, Branch, grow

Array = NDArray[Any]
DOMAIN = "ai.onnx.ml"
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "LEQ": operator.le,
    "LT": operator.lt,
    "GTE": operator.ge,
    "GT": operator.gt,
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "MEMBER": lambda x, s: x in s,
}
VALUES = [-np.inf, -1.0, -0.0, 0.0, 0.5, 1.0, np.inf, np.nan]
"""Splits and inputs come from here, so that they are often equal."""


def random_branches(rng: np.random.Generator, count: int, modes: Sequence[str], missing: bool) -> tuple[list[Branch], int]:
    """One tree of so many inner nodes, root first, and its number of leaves."""
    rows, waiting, leaves = list[Branch](), 1, 0
    for index in range(count):
        children: list[int] = []
        for _ in range(2):
            inside = waiting < count and (rng.random() < 0.6 or waiting == index + 1)
            children.append(waiting if inside else ~leaves)
            waiting, leaves = waiting + inside, leaves + (not inside)
        mode = str(rng.choice(list(modes)))
        split: Any = [v for v in VALUES[1:6] if rng.random() < 0.5] if mode == "MEMBER" else np.float32(rng.choice(VALUES[:7]))
        rows.append(Branch(mode, int(rng.integers(3)), split, children[0], children[1], missing and rng.random() < 0.5))
    return rows, leaves


def leaf_of(branches: Sequence[Branch], row: Array) -> int:
    at = 0
    while at >= 0:
        b = branches[at]
        x = row[b.feature]
        at = b.yes if (b.missing and np.isnan(x)) or HOLDS[b.mode](x, b.split) else b.no
    return ~at


@pytest.mark.parametrize("seed", range(30))
def test_every_condition_becomes_less_or_equal(seed: int):
    rng = np.random.default_rng(seed)
    branches, leaves = random_branches(rng, 12, MODES, missing=bool(seed % 2))
    forest = grow(branches, [0], leaves, np.dtype(np.float32))
    x = rng.choice(VALUES, (200, 3)).astype(np.float32)
    for row in x:
        at = 0
        for _ in range(forest.depth):
            at = forest.step(at, row)
        assert at == forest.step(at, row)
        assert forest.leaves[at] == leaf_of(branches, row)


def test_a_comparison_with_nan_does_not_hold():
    for mode in MODES[:6]:
        forest = grow([Branch(mode, 0, np.nan, ~0, ~1)], [0], 2, np.dtype(np.float32))
        ends = [forest.leaves[forest.step(0, np.array([x], np.float32))] for x in (1.0, np.nan)]
        assert ends == ([0, 0] if mode == "NEQ" else [1, 1])


@pytest.mark.parametrize(("yes", "no"), [(0, ~0), (1, ~0), (~0, 7), (~0, ~5)])
def test_children_that_are_missing_or_above(yes: int, no: int):
    with pytest.raises(ValueError, match=r"below itself|there are"):
        grow([Branch("LEQ", 0, 1.0, yes, no), Branch("LEQ", 0, 1.0, 0, ~1)], [0], 2, np.dtype(np.float32))


# -- the ops --------------------------------------------------------------------------------------------------------------


class Model:
    """Random trees as the attributes of TreeEnsembleRegressor or Classifier (kind is `target` or `class`)."""

    def __init__(
        self, seed: int, kind: str, targets: Sequence[int], trees: int = 4, modes: Sequence[str] = MODES[:6], size: int = 6
    ):
        rng = np.random.default_rng(seed)
        self.rows: dict[str, list[Any]] = {
            name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                                  "hitrates", "missing_value_tracks_true")
        }  # fmt: skip
        self.leaves: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
        for tree in range(trees):
            branches, leaves = random_branches(rng, size, modes, missing=True)
            for i, b in enumerate(branches):
                children = [c if c >= 0 else len(branches) + ~c for c in (b.yes, b.no)]
                self.add(tree, i, b.feature, float(b.split), f"BRANCH_{b.mode}", *children, 1.0, int(b.missing))
            for leaf in range(leaves):
                self.add(tree, len(branches) + leaf, 0, 0.0, "LEAF", 0, 0, 1.0, 0)
                for target in targets:
                    row = (tree, len(branches) + leaf, target, float(rng.normal()))
                    for column, value in zip(self.leaves.values(), row, strict=True):
                        column.append(value)
        self.attributes: dict[str, Any] = {f"nodes_{k}": v for k, v in self.rows.items()}
        self.attributes |= {f"{kind}_{k}": v for k, v in self.leaves.items()}

    def add(self, *row: Any) -> None:
        for column, value in zip(self.rows.values(), row, strict=True):
            column.append(value)


def model_of(
    op: str, x: Array, outputs: int, version: int, attributes: dict[str, Any], rows: str | int = "rows"
) -> onnx.ModelProto:
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, ["x"], results, domain=DOMAIN, **attributes)
    types = {"x": Typed(["rows", *x.shape[1:]], x.dtype)}
    return make_model([node], types, results, opset=18, domains={DOMAIN: version}, ir_version=9)


def inputs(dtype: Any = np.float32) -> Array:
    return np.random.default_rng(3).choice(VALUES if np.dtype(dtype).kind == "f" else [-1, 0, 1, 2], (50, 3)).astype(dtype)


def check(model: onnx.ModelProto, x: Array) -> None:
    wanted = onnxruntime_outputs(model, x)
    for execute in (run, native):
        for found, value in zip(execute(model, x), wanted, strict=True):
            assert found.dtype == value.dtype
            np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_regressor(aggregate: str, dtype: Any):
    attributes: dict[str, Any] = {"n_targets": 2, "aggregate_function": aggregate, "base_values": [0.25, -1.0]}
    x = inputs(dtype)
    check(model_of("TreeEnsembleRegressor", x, 1, 3, attributes | Model(1, "target", [0, 1]).attributes), x)


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_regressor_of_integers(dtype: Any):
    """onnxruntime has none; the same as of the same numbers as doubles."""
    attributes: dict[str, Any] = {"n_targets": 1} | Model(1, "target", [0]).attributes
    x = inputs(dtype)
    (wanted,) = run(model_of("TreeEnsembleRegressor", x.astype(np.float64), 1, 3, attributes), x.astype(np.float64))
    np.testing.assert_allclose(native(model_of("TreeEnsembleRegressor", x, 1, 3, attributes), x)[0], wanted, rtol=1e-5)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
def test_classifier(transform: str):
    attributes: dict[str, Any] = {"classlabels_int64s": [4, 9, 6], "post_transform": transform}
    x = inputs()
    check(model_of("TreeEnsembleClassifier", x, 2, 1, attributes | Model(2, "class", [0, 1, 2]).attributes), x)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
@pytest.mark.parametrize("positive", [False, True])
def test_one_score_for_two_classes(positive: bool, transform: str):
    trees = Model(4, "class", [0]).attributes
    if positive:
        trees["class_weights"] = [abs(w) / 4 for w in trees["class_weights"]]
    x = inputs()
    check(model_of("TreeEnsembleClassifier", x, 2, 3, {"classlabels_int64s": [5, 8], "post_transform": transform} | trees), x)


@pytest.mark.parametrize("size", [1, 90])
def test_shallow_and_deep_trees(size: int):
    trees = Model(5, "target", [0], trees=2, size=size, modes=["LEQ", "GT"]).attributes
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    check(model_of("TreeEnsembleRegressor", x, 1, 3, {"n_targets": 1} | trees), x)


def ensemble(x: Array, modes: Sequence[int], splits: Sequence[float], members: Sequence[float], **more: Any) -> onnx.ModelProto:
    """TreeEnsemble (version 5) of two nodes and three leaves; the second node is the first one's child where that holds."""
    attributes: dict[str, Any] = {
        "n_targets": 2,
        "tree_roots": [0],
        "nodes_featureids": [0, 1],
        "nodes_modes": numpy_helper.from_array(np.array(modes, np.uint8)),
        "nodes_splits": numpy_helper.from_array(np.array(splits, x.dtype)),
        "nodes_truenodeids": [1, 1],
        "nodes_trueleafs": [0, 1],
        "nodes_falsenodeids": [0, 2],
        "nodes_falseleafs": [1, 1],
        "leaf_targetids": [0, 1, 1],
        "leaf_weights": numpy_helper.from_array(np.array([1.5, 2.5, 3.5], x.dtype)),
    }
    if members:
        attributes["membership_values"] = numpy_helper.from_array(np.array(members, x.dtype))
    return model_of("TreeEnsemble", x, 1, 5, attributes | more)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_set_membership(dtype: Any):
    x = np.array([[a, b, 0] for a in (1, 2, 3, np.nan) for b in (0.5, 7, 9, 4)], dtype)
    members, more = [1, 2, np.nan, 7, 0.5, 4, np.nan], {"nodes_missing_value_tracks_true": [1, 0]}
    model = ensemble(x, [6, 6], [0, 0], members, **more)
    first, second = np.isin(x[:, 0], [1, 2]) | np.isnan(x[:, 0]), np.isin(x[:, 1], [0.5, 7, 4])
    wanted = np.where(~first, [[1.5], [0]], np.where(second, [[0], [2.5]], [[0], [3.5]])).T
    for execute in (run, native):
        np.testing.assert_array_equal(execute(model, x)[0], wanted.astype(dtype))


@pytest.mark.parametrize("aggregate", range(4))
def test_ensemble_aggregates(aggregate: int):
    x = inputs()
    wanted = run(ensemble(x, [0, 1], [0.5, 0.0], []), x)[0]
    (found,) = native(ensemble(x, [0, 1], [0.5, 0.0], [], aggregate_function=aggregate), x)
    np.testing.assert_array_equal(found, wanted)  # of one tree, all are the same


def test_bad_trees_are_refused():
    x = inputs()
    for more in ({"nodes_truenodeids": [0, 1]}, {"nodes_featureids": [0, 3]}, {"leaf_targetids": [0, 1, 2]}, {"tree_roots": [2]}):
        with pytest.raises(ShapeError):
            run(ensemble(x, [0, 0], [0.0, 0.0], [], **more), x)
