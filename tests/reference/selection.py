"""Orders of rows, and which boxes stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright.dialects import graph

Array = NDArray[Any]


def sort_rows(x: Array) -> Array:
    return np.array(sorted(range(len(x)), key=lambda row: x[row].tolist()), np.int64)


def suppress(op: graph.SuppressOp, boxes: Array, candidates: Array, limit: Array, threshold: Array) -> Array:
    kept = np.full(candidates.shape, -1, np.int64)
    for batch, class_ in np.ndindex(candidates.shape[:2]):
        stays: list[int] = []
        for box in candidates[batch, class_].astype(int).tolist():
            corners = [_corners(op, boxes[batch, b]) for b in (box, *stays)]
            if box >= 0 and len(stays) < limit and all(_overlap(corners[0], c) <= threshold for c in corners[1:]):
                stays.append(box)
        kept[batch, class_, : len(stays)] = stays
    return kept


def _corners(op: graph.SuppressOp, box: Array) -> Array:
    """Low and high corner."""
    pairs = box.reshape(2, 2)
    if op.center_point_box.value.data:
        return np.stack([pairs[0] - pairs[1] / 2, pairs[0] + pairs[1] / 2])
    return np.stack([pairs.min(0), pairs.max(0)])


def _overlap(one: Array, two: Array) -> float:
    """Intersection over union."""
    common = _area(np.maximum(np.minimum(one[1], two[1]) - np.maximum(one[0], two[0]), 0))
    union = _area(one[1] - one[0]) + _area(two[1] - two[0]) - common
    return common / union if common > 0 else 0.0


def _area(sides: Array) -> float:
    return float(sides[0] * sides[1])
