"""What classifiers and regressors of ai.onnx.ml share: transforms of scores, labels, attributes of either precision.

ONNX leaves open what becomes of one score for two classes, and of a transform of one target. Untransformed scores are those
of onnxruntime here, transformed ones those of the `onnx` package, where the two differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from onnx import AttributeProto, TensorProto, helper

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...errors import BadModelError
from ...runtime.weights import Array
from ..host import emit_host, string_constant
from ..node import Node
from ..tensors import to_array
from ..terms import Term, constant, stack, term
from ..values import Tensor, Value

DOMAIN = "ai.onnx.ml"


def softmax(scores: Term) -> Term:
    return scores.apply(lambda x: graph.SoftmaxOp(x, -1))


def softmax_zero(scores: Term) -> Term:
    """Softmax that keeps (next to) zeros at zero."""
    most = scores.reduce("max", -1)
    shares = (abs(scores) > 1e-7).select((scores - most).exp(), scores * (-most).exp())
    return shares / shares.reduce("sum", -1)


def probit(scores: Term) -> Term:
    """The quantile function of the normal distribution, sqrt(2) erfinv(2 p - 1), with Winitzki's approximation of erfinv."""
    x = scores * 2.0 - 1.0
    log = ((1.0 - x) * (x + 1.0)).log()
    v = log * 0.5 + 2.0 / (math.pi * 0.147)
    return ((v * v - log * (1.0 / 0.147)).sqrt() - v).sqrt() * x.apply(graph.SignOp) * 1.41421356


_TRANSFORMS: dict[str, Callable[[Term], Term]] = {
    "NONE": lambda scores: scores,
    "SOFTMAX": softmax,
    "LOGISTIC": lambda scores: scores.apply(graph.SigmoidOp),
    "SOFTMAX_ZERO": softmax_zero,
    "PROBIT": probit,
}
TRANSFORM_NAMES = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
"""Numbers of the transforms in TreeEnsemble."""


def transform_name(n: Node) -> str:
    """The attribute `post_transform`; ValueError if it is none of the five."""
    name = n.str_attr("post_transform", "NONE")
    if name not in _TRANSFORMS:
        raise ValueError(f"post_transform is one of {', '.join(_TRANSFORMS)}; got '{name}'")
    return name


def transform(name: str, scores: Term) -> Term:
    """Transform the scores [rows, classes] of a classifier."""
    return _TRANSFORMS[name](scores)


def transform_targets(name: str, scores: Term) -> Term:
    """Transform the results [rows, targets] of a regressor; a single target only by PROBIT."""
    single = scores.dims[-1] == DimExpr.of(1)
    return scores if single and name != "PROBIT" else _TRANSFORMS[name](scores)


def two_classes(name: str, score: Term, complement: bool) -> Term:
    """Scores [rows, 2] from that of the second class [rows]. The first one's is -s; or 1 - s, where nothing is transformed."""
    if name == "PROBIT":
        score = probit(score)
        return stack([-score, score], 1)
    if name == "NONE" and complement:
        return stack([1.0 - score, score], 1)
    return _TRANSFORMS[name](stack([-score, score], 1))


# -- labels ---------------------------------------------------------------------------------------------------------------


def class_labels(n: Node, name: str) -> Array:
    """The labels, integers in the attribute of this name or strings; empty where there are none."""
    strings = n.attributes.get("classlabels_strings")
    if strings is not None and strings.strings:
        return np.array([s.decode() for s in strings.strings], object)
    return np.array(n.ints_attr(name, []), np.int64)


def pair_of(labels: Array) -> Array:
    """The labels of two classes; where there is one (or none: 1), it is that of the second."""
    if labels.size == 2:
        return labels
    only = labels[0] if labels.size else 1
    return np.array(["", only], object) if isinstance(only, str) else np.array([0, only])


def pick_label(n: Node, labels: Array, index: Term) -> Value:
    """The labels of class numbers (si64); strings are looked up on the host."""
    if labels.dtype != np.dtype(object):
        return Tensor.of((constant(n, labels).gather(index) if labels.size else index).value)
    names = string_constant(n.build, labels)
    node = helper.make_node("Gather", ["i0", "i1"], ["o0"])
    dims = [d.value if d.is_static else str(d) for d in index.dims]
    type_ = helper.make_tensor_type_proto(TensorProto.STRING, dims)
    return emit_host(n.build, node, ["ai.onnx:16"], [names.ssa, index.value], [type_])[0]


# -- attributes -----------------------------------------------------------------------------------------------------------


def numbers(n: Node, name: str) -> Array | None:
    """Floats given as `name`, or as a tensor (of floats or doubles) `name_as_tensor`; None if they are left out."""
    tensor = n.attribute(f"{name}_as_tensor", AttributeProto.TENSOR, "t")
    if tensor is not None:
        return to_array(tensor, n.context.files).reshape(-1)
    found = n.floats_attr(name, [])
    return np.array(found, np.float32) if found else None


def matrix_attr(n: Node, name: str, rows: int) -> Array:
    """Floats in so many rows of equal length; BadModelError if they don't divide."""
    values = np.array(n.floats_attr(name), np.float32)
    if rows < 1 or not values.size or values.size % rows:
        raise BadModelError(f"attribute '{name}' has {values.size} values, expected {rows} rows")
    return values.reshape(rows, -1)


def as_rows(x: Term) -> Term:
    """x itself, or a vector as a matrix of one row."""
    return x.reshape(1, *x.dims) if len(x.dims) == 1 else x


def features(n: Node) -> Term:
    """X as rows of floats: f32, or f64 where it is that. A vector is one row."""
    rows = as_rows(term(n))
    if len(rows.dims) != 2:
        raise ValueError(f"X has rank {len(rows.dims)}, expected 1 or 2")
    return rows if rows.dtype == np.float64 else rows.cast(np.float32)
