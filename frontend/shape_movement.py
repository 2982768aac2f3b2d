"""Shapes as values, and data movement on tensors whose elements are known at import: one row an op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..dialects.graph.base import normalize_axis
from ..dialects.graph.dims import product
from .arguments import axes, inserted_axes, slice_ranges
from .node import Node, static
from .shape_arithmetic import ARITHMETIC, Evaluation
from .shape_values import MAX_ELEMENTS, Known, Objects, UndecidedError

INT64 = np.dtype(np.int64)


def evaluate(n: Node) -> list[Known] | None:
    """The node's outputs if its inputs are known and the op is one of the tables'; None otherwise."""
    rule = EVALUATIONS.get(n.op)
    if rule is None:
        return None
    try:
        result = rule(n)
    except UndecidedError:
        return None
    return [result] if isinstance(result, Known) else result


def shape(n: Node) -> Known:
    dims = n.shape()
    start, end = n.int_attr("start", 0), n.int_attr("end", len(dims))
    return Known.of(dims[start:end], INT64)


def size(n: Node) -> Known:
    return Known.of([product(n.shape())], INT64, ())


def concat(n: Node) -> Known:
    parts = [n.known(i) for i in range(len(n.inputs))]
    axis = n.int_attr("axis", 1 if n.opset < 4 else None)
    return Known.of(np.concatenate([p.objects for p in parts], axis), parts[0].dtype)


def split(n: Node) -> list[Known]:
    x, parts = n.known(), len(n.proto.output)
    axis = normalize_axis(n.int_attr("axis", 0), x.data.ndim)
    sizes = n.values(1) if n.opset >= 13 and n.has(1) else n.ints_attr("split", [])
    each = -(-x.data.shape[axis] // parts)
    ends = np.cumsum(sizes)[:-1] if sizes else np.arange(1, parts) * each
    return [Known.of(part, x.dtype) for part in np.split(x.objects, ends, axis)]


def where(n: Node) -> Known:
    condition, lhs, rhs = n.known(0), n.known(1), n.known(2)
    if not condition.concrete:
        raise UndecidedError("a symbolic condition")
    return Known.of(np.where(condition.data, lhs.objects, rhs.objects), lhs.dtype)


def range_(n: Node) -> Known:
    start, limit, delta = (n.known(i) for i in range(3))
    numbers = all(k.concrete and k.data.size == 1 for k in (start, limit, delta))
    if not numbers or start.dtype.kind not in "iu" or not delta.data.any():
        raise UndecidedError("a range of symbols or floats")
    first, last, step = (int(k.data.item()) for k in (start, limit, delta))
    _bounded([max(0, -((first - last) // step))])
    return Known(np.arange(first, last, step).astype(start.dtype), start.dtype)


def constant_of_shape(n: Node) -> Known:
    fill, target = n.context.fill_value(n), n.values(0)
    _bounded(target)
    return Known(np.full(target, fill), fill.dtype)


def _bounded(sizes: Sequence[int]) -> None:
    """UndecidedError unless so many elements may be followed."""
    if not 0 <= float(np.prod(np.array(sizes, float))) <= MAX_ELEMENTS:
        raise UndecidedError("too many elements")


def _moved(function: Callable[[Node, Objects], Objects]) -> Evaluation:
    """An op that only moves elements."""

    def rule(n: Node) -> Known:
        x = n.known()
        return Known.of(np.asarray(function(n, x.objects)), x.dtype)

    return rule


def _gather(n: Node, x: Objects) -> Objects:
    indices = n.known(1)
    if not indices.concrete:
        raise UndecidedError("a symbolic index")
    return np.take(x, indices.data, axis=normalize_axis(n.int_attr("axis", 0), x.ndim))


def _slice(n: Node, x: Objects) -> Objects:
    if any(n.is_runtime(i) for i in range(1, len(n.inputs)) if n.has(i)):
        raise UndecidedError("a computed range")
    picks = [slice(None)] * x.ndim
    for axis, start, end, step in slice_ranges(n):
        picks[axis] = slice(static(start, "a start"), static(end, "an end"), step)
    return x[tuple(picks)]


def _squeeze(n: Node, x: Objects) -> Objects:
    wanted = axes(n, x.ndim, since=13)
    return np.squeeze(x) if wanted is None else np.squeeze(x, tuple(wanted))


def _unsqueeze(n: Node, x: Objects) -> Objects:
    wanted = n.values(1) if n.opset >= 13 else n.ints_attr("axes")
    return np.expand_dims(x, tuple(inserted_axes(wanted, x.ndim)))


def _reshape(n: Node, x: Objects) -> Objects:
    target = n.values(1) if n.opset >= 5 else n.ints_attr("shape")
    if not n.int_attr("allowzero", 0):
        target = [x.shape[i] if d == 0 else d for i, d in enumerate(target)]
    return x.reshape(target)


def _transpose(n: Node, x: Objects) -> Objects:
    return np.transpose(x, n.ints_attr("perm", range(x.ndim)[::-1]))


def _expand(n: Node, x: Objects) -> Objects:
    target = np.broadcast_shapes(x.shape, tuple(n.values(1)))
    _bounded(target)
    return np.broadcast_to(x, target)


def _tile(n: Node, x: Objects) -> Objects:
    repeats = n.values(1)
    _bounded([x.size, *repeats])
    return np.tile(x, repeats)


def _reduction(combine: Callable[..., Any], since: int, symbolic: bool) -> Evaluation:
    """A reduction by a numpy function; `symbolic` where that works on expressions too."""

    def rule(n: Node) -> Known:
        x = n.known()
        wanted = axes(n, x.data.ndim, since)
        if not x.concrete and not symbolic:
            raise UndecidedError(f"{n.op} of symbols")
        if not wanted and n.int_attr("noop_with_empty_axes", 0):
            return x
        over = tuple(wanted or range(x.data.ndim))
        return Known.of(np.asarray(combine(x.data, axis=over, keepdims=bool(n.int_attr("keepdims", 1)))), x.dtype)

    return rule


EVALUATIONS: dict[str, Evaluation] = {
    **ARITHMETIC,
    "Shape": shape,
    "Size": size,
    "Concat": concat,
    "Split": split,
    "Where": where,
    "Range": range_,
    "ConstantOfShape": constant_of_shape,
    "Gather": _moved(_gather),
    "Slice": _moved(_slice),
    "Squeeze": _moved(_squeeze),
    "Unsqueeze": _moved(_unsqueeze),
    "Reshape": _moved(_reshape),
    "Transpose": _moved(_transpose),
    "Expand": _moved(_expand),
    "Tile": _moved(_tile),
    "ReduceProd": _reduction(np.prod, since=18, symbolic=True),
    "ReduceSum": _reduction(np.sum, since=13, symbolic=True),
    "ReduceMax": _reduction(np.max, since=18, symbolic=False),
    "ReduceMin": _reduction(np.min, since=18, symbolic=False),
}
