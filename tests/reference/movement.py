"""Sources, data movement and indexing. Each function takes the op, its operands as arrays and the dims of its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph

Array = NDArray[Any]
Shape = tuple[int, ...]


def broadcast(op: graph.BroadcastOp | graph.StretchOp, x: Array, shape: Shape) -> Array:
    return np.broadcast_to(x, shape)


def range_(op: graph.RangeOp, start: Array, limit: Array, delta: Array, shape: Shape) -> Array:
    return np.asarray(start + np.arange(shape[0]).astype(start.dtype) * delta)


def slice_(op: graph.SliceOp, x: Array, starts: Sequence[int], steps: Sequence[int], shape: Shape) -> Array:
    return x[np.ix_(*(start + step * np.arange(size) for start, step, size in zip(starts, steps, shape, strict=True)))]


def pad(mode: str, x: Array, value: Array | None, low: Sequence[int], high: Sequence[int]) -> Array:
    cropped = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(low, high, x.shape, strict=True))]
    widths = [(max(a, 0), max(b, 0)) for a, b in zip(low, high, strict=True)]
    if mode == "constant":
        return np.pad(cropped, widths, constant_values=0 if value is None else value.item())
    modes: dict[str, Literal["reflect", "edge", "wrap"]] = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}
    return np.pad(cropped, widths, modes[mode])


def trilu(op: graph.TriluOp, x: Array) -> Array:
    return (np.triu if op.upper.value.data else np.tril)(x, op.k.value.data)


def gather_nd(op: graph.GatherNdOp, x: Array, indices: Array) -> Array:
    batch, depth = op.batch_dims.value.data, indices.shape[-1]
    lead, outer = x.shape[:batch], indices.shape[batch:-1]
    rows = x.reshape(-1, *x.shape[batch:]) if batch else x[None]
    tuples = indices.reshape(len(rows), -1, depth)
    taken = [[row[tuple(t)] for t in ts] for row, ts in zip(rows, tuples, strict=True)]
    return np.array(taken, x.dtype).reshape(*lead, *outer, *x.shape[batch + depth :])


COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "none": lambda old, new: new,
    "add": lambda old, new: old + new,
    "mul": lambda old, new: old * new,
    "max": np.maximum,
    "min": np.minimum,
}


def scatter_elements(op: graph.ScatterElementsOp, x: Array, indices: Array, updates: Array) -> Array:
    result, combine, axis = x.copy(), COMBINE[op.reduction.data], op.axis.value.data
    for at in np.ndindex(indices.shape):
        where = (*at[:axis], int(indices[at]), *at[axis + 1 :])
        result[where] = combine(result[where], updates[at])
    return result


def scatter_nd(op: graph.ScatterNdOp, x: Array, indices: Array, updates: Array) -> Array:
    result, combine = x.copy(), COMBINE[op.reduction.data]
    for at in np.ndindex(indices.shape[:-1]):
        where = tuple(indices[at])
        result[where] = combine(result[where], updates[at])
    return result


def one_hot(op: graph.OneHotOp, indices: Array, depth: Array, values: Array, shape: Shape) -> Array:
    axis = op.axis.value.data
    size = shape[axis]
    positions = np.arange(size).reshape([size if i == axis else 1 for i in range(len(shape))])
    wrapped = np.expand_dims(np.where(indices < 0, indices + size, indices), axis)
    return values.take((positions == wrapped).astype(np.int64))
