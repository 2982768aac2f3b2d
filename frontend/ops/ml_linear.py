"""Linear models of ai.onnx.ml."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ..node import Node
from ..registry import op
from ..terms import Term, constant
from ..values import Tensor, Value
from .ml_scores import (
    DOMAIN,
    class_labels,
    features,
    matrix_attr,
    pair_of,
    pick_label,
    transform,
    transform_name,
    transform_targets,
    two_classes,
)


def _linear(n: Node, rows: int) -> Term:
    """X @ coefficients' + intercepts [samples, rows]"""
    x = features(n)
    weights = constant(n, matrix_attr(n, "coefficients", rows).astype(x.dtype), "coefficients")
    scores = x.with_(lambda a, b: graph.MatmulOp(a, b, transpose_rhs=True), weights)
    intercepts = n.floats_attr("intercepts", [])
    if not intercepts:
        return scores
    if len(intercepts) != rows:
        raise ValueError(f"it has {len(intercepts)} intercepts, expected {rows}")
    return scores + constant(n, np.array(intercepts, x.dtype), "intercepts")


@op("LinearRegressor", domain=DOMAIN)
def linear_regressor(n: Node) -> SSAValue:
    return transform_targets(transform_name(n), _linear(n, n.int_attr("targets", 1))).cast(np.float32).value


@op("LinearClassifier", domain=DOMAIN)
def linear_classifier(n: Node) -> list[Value]:
    """One score for each class, or a single one that is positive for the second class of two (or the only one)."""
    labels, name = class_labels(n, "classlabels_ints"), transform_name(n)
    rows = len(n.floats_attr("intercepts", [])) or max(labels.size, 1)
    scores = _linear(n, rows).cast(np.float32)
    if rows > 1:
        return [pick_label(n, labels, scores.arg_max(1)), Tensor.of(transform(name, scores).value)]
    score = scores.reshape(scores.dims[0])
    label = pick_label(n, pair_of(labels), (score > 0.0).cast(np.int64))
    found = two_classes(name, score, complement=True) if labels.size == 2 else transform(name, scores)
    return [label, Tensor.of(found.value)]
