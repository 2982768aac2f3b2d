"""Support vector machines of ai.onnx.ml, with libsvm's voting and probabilities."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
from xdsl.ir import Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.base import i1, si64
from ...dialects.graph.types import tensor
from ...errors import BadModelError
from ...runtime.weights import Array
from ..node import Node
from ..registry import op
from ..terms import Term, concat, constant
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

# -- kernels --------------------------------------------------------------------------------------------------------------


def _product(x: Term, vectors: Term) -> Term:
    return x.with_(lambda a, b: graph.MatmulOp(a, b, transpose_rhs=True), vectors)


def _rbf(x: Term, vectors: Term, gamma: float, coef0: float, degree: float) -> Term:
    """exp(-gamma |x - v|^2), of the differences themselves: a product would lose what lies close"""
    (rows, columns), count = x.dims, vectors.dims[0]
    difference = x.reshape(rows, 1, columns) - vectors.reshape(1, count, columns)
    return (difference.reduce("sum_square", 2, keepdims=False) * -gamma).exp()


_KERNELS: dict[str, Callable[[Term, Term, float, float, float], Term]] = {
    "LINEAR": lambda x, v, gamma, coef0, degree: _product(x, v),
    "POLY": lambda x, v, gamma, coef0, degree: (_product(x, v) * gamma + coef0) ** float(int(degree)),
    "RBF": _rbf,
    "SIGMOID": lambda x, v, gamma, coef0, degree: (_product(x, v) * gamma + coef0).apply(graph.TanhOp),
}


def _kernel(n: Node, x: Term, rows: int) -> Term:
    """The kernel of all rows of x and all support vectors: [samples, vectors]"""
    name = n.str_attr("kernel_type", "LINEAR")
    parameters = n.floats_attr("kernel_params", []) or [0.0, 0.0, 0.0]
    if name not in _KERNELS or len(parameters) != 3:
        raise ValueError(f"kernel_type is {', '.join(_KERNELS)} with 3 parameters; got '{name}' with {len(parameters)}")
    vectors = constant(n, matrix_attr(n, "support_vectors", rows).astype(x.dtype), "support_vectors")
    return _KERNELS[name](x, vectors, *parameters)


def _rho(n: Node, count: int) -> Array:
    rho = np.array(n.floats_attr("rho"), np.float32)
    if rho.size < count:
        raise BadModelError(f"attribute 'rho' has {rho.size} values, expected {count}")
    return rho[:count]


@op("SVMRegressor", domain=DOMAIN)
def svm_regressor(n: Node) -> SSAValue:
    """Without support vectors a linear model; for one class 1 inside and -1 outside."""
    x, supports = features(n), n.int_attr("n_supports", 0)
    inputs = _kernel(n, x, supports) if supports else x
    scores = _product(inputs, constant(n, matrix_attr(n, "coefficients", 1).astype(x.dtype), "coefficients"))
    scores = scores + float(_rho(n, 1)[0])
    if n.int_attr("one_class", 0):
        scores = (scores > 0.0).select(scores.like(1.0), -1.0)
    return transform_targets(transform_name(n), scores).cast(np.float32).value


# -- classes --------------------------------------------------------------------------------------------------------------


@op("SVMClassifier", domain=DOMAIN)
def svm_classifier(n: Node) -> list[Value]:
    """The label that most pairs of classes vote for, and the scores of the pairs, or probabilities of the classes."""
    labels, x = class_labels(n, "classlabels_ints"), features(n)
    counts = n.ints_attr("vectors_per_class", [])
    if not counts:
        return _linear_classes(n, x, labels)
    scores = _pair_scores(n, x, counts)
    label = pick_label(n, labels, _votes(n, scores, len(counts)).arg_max(1))
    if n.floats_attr("prob_a", []):
        found = transform(transform_name(n), _probabilities(n, scores, len(counts)))
    elif len(counts) == 2:
        found = two_classes(transform_name(n), scores.reshape(scores.dims[0]), complement=False)
    else:
        found = transform(transform_name(n), scores)
    return [label, Tensor.of(found.cast(np.float32).value)]


def _linear_classes(n: Node, x: Term, labels: Array) -> list[Value]:
    """A row of coefficients for each class."""
    weights = constant(n, matrix_attr(n, "coefficients", max(labels.size, 1)).astype(x.dtype), "coefficients")
    scores = _product(x, weights) + float(_rho(n, 1)[0])
    if labels.size < 2:
        label = pick_label(n, pair_of(labels), (scores.reshape(scores.dims[0]) > 0.0).cast(np.int64))
        return [label, Tensor.of(transform_targets(transform_name(n), scores).cast(np.float32).value)]
    label = pick_label(n, labels, scores.arg_max(1))
    return [label, Tensor.of(transform(transform_name(n), scores).cast(np.float32).value)]


def _pair_scores(n: Node, x: Term, counts: list[int]) -> Term:
    """How far each pair of classes is for its first one: [samples, pairs]"""
    total, classes = sum(counts), len(counts)
    own = matrix_attr(n, "coefficients", classes - 1)
    if own.shape[1] != total:
        raise BadModelError(f"attribute 'coefficients' has {own.size} values, expected {(classes - 1) * total}")
    bounds = np.cumsum([0, *counts])
    pairs = list(combinations(range(classes), 2))
    weights = np.zeros((total, len(pairs)), x.dtype)
    for column, (i, j) in enumerate(pairs):
        first, second = slice(bounds[i], bounds[i + 1]), slice(bounds[j], bounds[j + 1])
        weights[first, column], weights[second, column] = own[j - 1, first], own[i, second]
    return _kernel(n, x, total) @ constant(n, weights, "coefficients") + constant(n, _rho(n, len(pairs)).astype(x.dtype))


def _votes(n: Node, scores: Term, classes: int) -> Term:
    """How many pairs each class wins: [samples, classes]"""
    pairs = np.array(list(combinations(range(classes), 2)))
    first, second = (np.eye(classes, dtype=np.float32)[pairs[:, side]] for side in (0, 1))
    wins = (scores > 0.0).cast(np.float32)
    return wins @ constant(n, first - second) + constant(n, second.sum(0))


# -- probabilities --------------------------------------------------------------------------------------------------------


def _probabilities(n: Node, scores: Term, classes: int) -> Term:
    """Class probabilities [samples, classes] that fit those of the pairs best; Wu, Lin and Weng 2004, method 2."""
    a, b = (constant(n, np.array(n.floats_attr(f"prob_{name}"), scores.dtype)) for name in "ab")
    if a.dims != scores.dims[1:] or b.dims != a.dims:
        raise ValueError(f"prob_a and prob_b have a value for each of {scores.dims[1]} pairs")
    samples = scores.dims[0]
    won = (-(scores * a + b)).apply(graph.SigmoidOp).apply(lambda v: graph.ClipOp(v, 1e-7, 1 - 1e-7))
    nothing = won.like(0.0).broadcast(samples, 1)
    places = np.full((classes, classes), 2 * (classes * (classes - 1) // 2), np.int64)
    for index, (i, j) in enumerate(combinations(range(classes), 2)):
        places[i, j], places[j, i] = index, index + len(places) * (len(places) - 1) // 2
    ratios = concat([won, 1.0 - won, nothing], 1).gather(constant(n, places), 1)
    mirrored = ratios.transpose(0, 2, 1)
    diagonal = constant(n, np.eye(classes, dtype=scores.dtype))
    squares = ratios.reduce("sum_square", 1, keepdims=False).reshape(samples, 1, classes)
    return _minimise(n, diagonal * squares - mirrored * ratios, classes)


def _minimise(n: Node, q: Term, classes: int) -> Term:
    """p' Q p at its least under sum(p) = 1, for Q [samples, classes, classes]: coordinate by coordinate, as libsvm does.

    A sample is done when its error is small; the loop ends when all of them are.
    """
    samples = q.dims[0]
    start = q.like(1.0 / classes).broadcast(samples, classes)
    block = Block(arg_types=[tensor(si64, []), tensor(i1, []), start.value.type])
    with n.build.into(block):
        p = Term(n.build, block.args[2])
        products = (q @ p.reshape(samples, classes, 1)).reshape(samples, classes)
        total = (p * products).reduce("sum", 1)
        going = abs(products - total).reduce("max", 1) >= 0.005 / classes
        new = going.select(_sweep(q, p, products, total, classes), p)
        again = going.cast(np.uint8).reduce("max", [0, 1], keepdims=False).cast(i1)
        block.add_op(graph.YieldOp([again.value, new.value]))
    limit = n.build.scalar(max(100, classes), si64)
    return Term(n.build, n.emit(graph.LoopOp(limit, None, [start.value], Region(block), [start.value.type])))


def _sweep(q: Term, p: Term, products: Term, total: Term, classes: int) -> Term:
    """One pass over the coordinates, p kept normalised; `products` is Q p and `total` is p' Q p."""
    samples = q.dims[0]
    for t in range(classes):
        row = q.part(1, t, 1).reshape(samples, classes)
        own, product = row.part(1, t, 1), products.part(1, t, 1)
        step = (total - product) / own
        scale = 1.0 / (step + 1.0)
        total = (total + step * (step * own + product * 2.0)) * scale * scale
        kept = [p.part(1, i, 1) + step if i == t else p.part(1, i, 1) for i in range(classes)]
        p, products = concat(kept, 1) * scale, (products + step * row) * scale
    return p
