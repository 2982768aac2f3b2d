"""Tree ensembles of ai.onnx.ml: all trees of all rows walk down together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import AttributeProto
from xdsl.ir import Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.base import i1, si64
from ...dialects.graph.types import tensor
from ...runtime.weights import Array
from ..forest import MODES, Branch, Forest, grow
from ..node import Node
from ..registry import op
from ..tensors import to_array
from ..terms import Term, constant, term
from ..values import Tensor, Value
from .ml_scores import (
    DOMAIN,
    TRANSFORM_NAMES,
    as_rows,
    class_labels,
    numbers,
    pair_of,
    pick_label,
    transform,
    transform_name,
    transform_targets,
    two_classes,
)

UNROLLED = 16
"""Levels of deeper trees than this are walked in a loop, which ends when every row has come to its leaf."""

_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
_EMPTY = {"MIN": np.inf, "MAX": -np.inf}


@dataclass(frozen=True)
class _Ensemble:
    """Trees, and what their leaves give: `entries` are (leaf, target, weight)."""

    branches: Sequence[Branch]
    roots: Sequence[int]
    leaves: int
    splits: np.dtype[Any]
    entries: Sequence[tuple[int, int, float]]
    weights: np.dtype[Any]

    def table(self, targets: int, aggregate: str) -> Array:
        """Weight of each leaf for each target [leaves, targets]; where it has none, what leaves the aggregate alone."""
        found = np.full((max(self.leaves, 1), targets), _EMPTY.get(aggregate, 0.0), self.weights)
        add = {"MIN": np.minimum, "MAX": np.maximum}.get(aggregate, np.add)
        for leaf, target, weight in self.entries:
            if not 0 <= target < targets:
                raise ValueError(f"a leaf gives target {target} of {targets}")
            found[leaf, target] = add(found[leaf, target], self.weights.type(weight))
        return found


# -- walking --------------------------------------------------------------------------------------------------------------


def _scores(n: Node, trees: _Ensemble, targets: int, aggregate: str) -> Term:
    """The weights of the leaves that the rows come to, combined over all trees: [rows, targets]"""
    if aggregate not in _AGGREGATES:
        raise ValueError(f"aggregate_function is one of {', '.join(_AGGREGATES)}; got '{aggregate}'")
    if not trees.roots or not trees.leaves:
        raise ValueError("it has no trees")
    weights, (forest, slots) = trees.table(targets, aggregate), _walk(n, trees)
    given = constant(n, weights[forest.leaves], "leaf_weights").gather(slots)  # [rows, trees, targets]
    kind = {"MIN": "min", "MAX": "max"}.get(aggregate, "sum")
    found = given.reduce(kind, 1, keepdims=False)
    if np.isinf(weights).any():  # a target that no tree gave anything
        found = found.equal(_EMPTY[aggregate]).select(found.like(0.0), found)
    return found * (1.0 / len(trees.roots)) if aggregate == "AVERAGE" else found


def _walk(n: Node, trees: _Ensemble) -> tuple[Forest, Term]:
    """The slot of the leaf that each row comes to in each tree: [rows, trees]"""
    x = as_rows(term(n))
    dtype = np.result_type(trees.splits, x.dtype if x.dtype.kind == "f" else np.float64)
    forest = grow(trees.branches, trees.roots, trees.leaves, dtype)
    if x.dims[1].is_static and any(not 0 <= b.feature < x.dims[1].value for b in trees.branches):
        raise ValueError(f"a node looks at a feature that is none of {x.dims[1]}")
    tables = {name: constant(n, getattr(forest, name), name) for name in ("features", "splits", "children")}
    missing = forest.missing if isinstance(forest.missing, bool) else constant(n, forest.missing, "missing")
    step = _Step(n, x.cast(dtype), forest, **tables, missing=missing)
    at = step.first()
    for _ in range(min(forest.depth, UNROLLED) - 1):
        at = step.next(at)
    return forest, step.rest(at, forest.depth - UNROLLED) if forest.depth > UNROLLED else at


@dataclass(frozen=True)
class _Step:
    """One level of all trees, and the tables of their slots."""

    n: Node
    x: Term
    forest: Forest
    features: Term
    splits: Term
    children: Term
    missing: Term | bool

    def first(self) -> Term:
        """The step from every tree's root, whose feature is known: [rows, trees]"""
        count, rows = self.forest.roots, self.x.dims[0]
        roots = constant(self.n, np.arange(count, dtype=np.int32), "roots")
        if not self.forest.depth:
            return roots.reshape(1, count).broadcast(rows, count)
        return self.choose(roots, self.x.gather(constant(self.n, self.forest.features[:count], "features"), 1))

    def next(self, at: Term) -> Term:
        return self.choose(at, self.x.with_(lambda x, i: graph.GatherElementsOp(x, i, 1), self.features.gather(at)))

    def choose(self, at: Term, values: Term) -> Term:
        """The children on whose side the values are."""
        splits = self.splits.gather(at)
        if isinstance(self.missing, Term):
            other = ~((values <= splits) | (values.apply(graph.IsNanOp) & self.missing.gather(at)))
        else:
            other = values > splits if self.missing else ~(values <= splits)
        return self.children.gather(at) + other.cast(np.int32)

    def rest(self, at: Term, levels: int) -> Term:
        """As many more steps as it takes."""
        block = Block(arg_types=[tensor(si64, []), tensor(i1, []), at.value.type])
        build = self.n.build
        with build.into(block):
            old = Term(build, block.args[2])
            new = self.next(old)
            inside = (~new.equal(old)).cast(np.uint8).reduce("max", [0, 1], keepdims=False)
            block.add_op(graph.YieldOp([inside.cast(i1).value, new.value]))
        count = build.scalar(levels, si64)
        return Term(build, self.n.emit(graph.LoopOp(count, None, [at.value], Region(block), [at.value.type])))


# -- TreeEnsemble ---------------------------------------------------------------------------------------------------------


@op("TreeEnsemble", domain=DOMAIN, since=5)
def tree_ensemble(n: Node) -> SSAValue:
    modes, splits, weights = (_tensor(n, name) for name in ("nodes_modes", "nodes_splits", "leaf_weights"))
    members = iter(_sets(n))
    missing = n.ints_attr("nodes_missing_value_tracks_true", []) or [0] * modes.size
    columns = [n.ints_attr(f"nodes_{name}") for name in ("featureids", "truenodeids", "trueleafs", "falsenodeids", "falseleafs")]
    branches = [
        Branch(_mode(mode), f, next(members) if mode == MODES.index("MEMBER") else s, _child(y, yl), _child(w, wl), bool(m))
        for mode, s, f, y, yl, w, wl, m in zip(modes.tolist(), splits, *columns, missing, strict=True)
    ]
    targets = n.ints_attr("leaf_targetids")
    entries = [(leaf, t, w) for leaf, (t, w) in enumerate(zip(targets, weights, strict=True))]
    trees = _Ensemble(branches, n.ints_attr("tree_roots"), len(targets), splits.dtype, entries, weights.dtype)
    aggregate, number = n.int_attr("aggregate_function", 1), n.int_attr("post_transform", 0)
    if not 0 <= aggregate < len(_AGGREGATES) or not 0 <= number < len(TRANSFORM_NAMES):
        raise ValueError(f"aggregate_function is {aggregate} and post_transform {number}")
    scores = _scores(n, trees, n.int_attr("n_targets"), _AGGREGATES[aggregate])
    return transform_targets(TRANSFORM_NAMES[number], scores).cast(n.element()).value


def _tensor(n: Node, name: str) -> Array:
    return to_array(n.attribute(name, AttributeProto.TENSOR, "t"), n.context.files).reshape(-1)


def _mode(number: int) -> str:
    if number >= len(MODES):
        raise ValueError(f"node mode {number} is unknown")
    return MODES[number]


def _child(number: int, leaf: int) -> int:
    """A node's child as `Branch` numbers it."""
    if number < 0:
        raise ValueError(f"a child is node {number}")
    return ~number if leaf else number


def _sets(n: Node) -> list[Array]:
    """The sets of all MEMBER nodes in order; each ends in NaN."""
    if "membership_values" not in n.attributes:
        return []
    values = _tensor(n, "membership_values")
    parts = np.split(values, np.flatnonzero(np.isnan(values)) + 1)
    return [part[:-1] if np.isnan(part[-1]) else part for part in parts if part.size]


# -- TreeEnsembleRegressor, TreeEnsembleClassifier ------------------------------------------------------------------------


def _listed(n: Node, kind: str) -> _Ensemble:
    """Trees as lists of nodes by (tree, node), weights by (tree, node, `kind` id)."""
    keys = list(zip(n.ints_attr("nodes_treeids"), n.ints_attr("nodes_nodeids"), strict=True))
    modes = [s.decode() for s in n.attribute("nodes_modes", AttributeProto.STRINGS, "strings") or ()]
    places, leaves = _places(keys, modes)
    splits, weights = _floats(n, "nodes_values", len(keys)), _floats(n, f"{kind}_weights", 0)
    missing = n.ints_attr("nodes_missing_value_tracks_true", []) or [0] * len(keys)
    columns = [n.ints_attr(f"nodes_{name}") for name in ("featureids", "truenodeids", "falsenodeids")]
    branches = [
        Branch(mode.removeprefix("BRANCH_"), feature, split, places[tree, yes], places[tree, no], bool(m))
        for (tree, _), mode, split, feature, yes, no, m in zip(keys, modes, splits, *columns, missing, strict=True)
        if mode != "LEAF"
    ]
    roots = {tree: places[tree, node] for tree, node in reversed(keys)}  # of each tree, the first node that is listed
    owners = zip(n.ints_attr(f"{kind}_treeids"), n.ints_attr(f"{kind}_nodeids"), strict=True)
    rows = zip((places[owner] for owner in owners), n.ints_attr(f"{kind}_ids"), weights, strict=True)
    entries = [(~place, target, weight) for place, target, weight in rows if place < 0]
    return _Ensemble(branches, [*reversed(roots.values())], leaves, splits.dtype, entries, weights.dtype)


def _places(keys: Sequence[tuple[int, int]], modes: Sequence[str]) -> tuple[dict[tuple[int, int], int], int]:
    """How `Branch` numbers each node, and the number of leaves."""
    places, leaves = dict[tuple[int, int], int](), 0
    for key, mode in zip(keys, modes, strict=True):
        if key in places:
            raise ValueError(f"tree {key[0]} has two nodes {key[1]}")
        places[key] = ~leaves if mode == "LEAF" else len(places) - leaves
        leaves += mode == "LEAF"
    return places, leaves


def _floats(n: Node, name: str, count: int) -> Array:
    found = numbers(n, name)
    return np.zeros(count, np.float32) if found is None else found


def _with_base(n: Node, scores: Term) -> Term:
    base = numbers(n, "base_values")
    return scores if base is None else scores + constant(n, base.astype(scores.dtype), "base_values")


@op("TreeEnsembleRegressor", domain=DOMAIN)
def tree_ensemble_regressor(n: Node) -> SSAValue:
    """Base values are added to what the trees give."""
    scores = _scores(n, _listed(n, "target"), n.int_attr("n_targets"), n.str_attr("aggregate_function", "SUM"))
    return transform_targets(transform_name(n), _with_base(n, scores)).cast(np.float32).value


@op("TreeEnsembleClassifier", domain=DOMAIN)
def tree_ensemble_classifier(n: Node) -> list[Value]:
    """The label of the highest score, and all scores. Trees of two classes may give one score, of the second class."""
    labels, name, trees = class_labels(n, "classlabels_int64s"), transform_name(n), _listed(n, "class")
    if not labels.size:
        raise ValueError("it has no class labels")
    targets = {target for _, target, _ in trees.entries}
    if labels.size > 2 or not targets <= {0}:
        scores = _with_base(n, _scores(n, trees, labels.size, "SUM")).cast(np.float32)
        return [pick_label(n, labels, scores.arg_max(1)), Tensor.of(transform(name, scores).value)]
    scores = _with_base(n, _scores(n, trees, 1, "SUM")).part(1, 0, 1).cast(np.float32)
    score, positive = scores.reshape(scores.dims[0]), all(weight >= 0 for _, _, weight in trees.entries)
    is_second = score > (0.5 if positive and labels.size == 2 else 0.0)
    label = pick_label(n, pair_of(labels), is_second.cast(np.int64))
    found = two_classes(name, score, complement=positive) if labels.size == 2 else transform(name, scores)
    return [label, Tensor.of(found.value)]
