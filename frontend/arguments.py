"""Arguments that changed from attributes to inputs over the opsets, read the same way for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from ..dialects.graph.base import normalize_axis
from ..dialects.graph.dims import DimExpr
from .node import Node
from .runtime_shapes import length, vector
from .tensors import dtype_of
from .terms import Term

SLICE_END = 1 << 31
"""ONNX models write numbers from here on for "to the end"."""


def axes(n: Node, rank: int, since: int, index: int = 1) -> list[int] | None:
    """The `axes`, an input (number `index`) from opset `since` on, made non-negative; None if absent."""
    if n.opset >= since:
        found = n.values(index) if n.has(index) else None
    else:
        found = n.ints_attr("axes") if "axes" in n.attributes else None
    return None if found is None else [normalize_axis(a, rank) for a in found]


def runtime_axes(n: Node, since: int, index: int = 1) -> Term | None:
    """The `axes` as a vector where they are an input of one or more elements that are known only when the model runs."""
    given = n.opset >= since and n.has(index) and n.is_runtime(index)
    return vector(n, index) if given and length(n, index) else None


def slice_ranges(n: Node) -> list[tuple[int, DimExpr, DimExpr, int]]:
    """(axis, start, end, step) of a Slice, as the model gives them."""
    if n.opset < 10:
        starts, ends = n.ints_attr("starts"), n.ints_attr("ends")
        wanted = n.ints_attr("axes", range(len(starts)))
        steps: Sequence[int] = [1] * len(starts)
    else:
        starts, ends = n.dims(1), n.dims(2)
        wanted = n.values(3) if n.has(3) else list(range(len(starts)))
        steps = n.values(4) if n.has(4) else [1] * len(starts)
    rank = n.rank()
    rows = zip(wanted, starts, ends, steps, strict=True)
    return [(normalize_axis(a, rank), DimExpr.of(s), DimExpr.of(e), p) for a, s, e, p in rows]


def target_dtype(n: Node) -> np.dtype[np.generic]:
    """The dtype in a Cast's attribute `to`, a number or (before opset 6) its name; ValueError if there is none."""
    if n.opset >= 6:
        return dtype_of(n.int_attr("to"))
    name = n.str_attr("to").upper()
    return dtype_of(dict(TensorProto.DataType.items()).get(name, 0))


def inserted_axes(wanted: Sequence[int], rank: int) -> list[int]:
    """Sorted positions, in the result, of dims that Unsqueeze inserts; ValueError if one comes twice."""
    positions = sorted(normalize_axis(a, rank + len(wanted)) for a in wanted)
    if len(set(positions)) != len(positions):
        raise ValueError(f"axes {list(wanted)} repeat one")
    return positions
