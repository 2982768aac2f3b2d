"""Which taps of a convolution lie in padding for whole blocks of rows: what a schedule that skips them saves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from .contraction_problem import Lhs, Window

Flags = np.ndarray[Any, np.dtype[np.bool_]]
WORTH = 0.85
"""Skipping costs a test for every tap and block, and shorter depth blocks: at most this share of the work may be left."""


def can_skip(lhs: Lhs) -> bool:
    """Whether taps are runs of their own, some perhaps in padding, at places that are known."""
    extents = lhs.extents[len(lhs.extents) - len(lhs.windows) :]
    static = all(d.is_static for w, e in zip(lhs.windows, extents, strict=True) for d in (w.size, w.kernel, e))
    return static and not lhs.channels_first and any(w.bordered for w in lhs.taps)


def live_taps(lhs: Lhs) -> Flags:
    """[rows of an image, taps]: whether the tap of a row lies in the input."""
    extents = [e.value for e in lhs.extents[len(lhs.extents) - len(lhs.windows) :]]
    tables = [_axis(w, e) for w, e in zip(lhs.taps, extents, strict=False)]
    tables += [np.ones((e, 1), np.bool_) for e in extents[len(tables) :]]
    outer: Sequence[Flags] = [t.reshape(*_spread(t.shape, axis, len(tables))) for axis, t in enumerate(tables)]
    both = reduce(np.logical_and, outer)
    rows = int(np.prod(both.shape[: len(tables)]))
    return both.reshape(rows, -1)


def _spread(shape: tuple[int, ...], axis: int, rank: int) -> list[int]:
    """Its two dims at `axis` and `rank + axis` among 2 * rank."""
    dims = [1] * (2 * rank)
    dims[axis], dims[rank + axis] = shape
    return dims


def _axis(window: Window, extent: int) -> Flags:
    """[outputs, taps] of one axis."""
    output, tap = np.arange(extent)[:, None], np.arange(window.kernel.value)[None, :]
    if window.transposed:
        at = output + window.pads[0] - tap * window.dilation
        return (at % window.stride == 0) & (at >= 0) & (at < window.size.value * window.stride)
    at = output * window.stride - window.pads[0] + tap * window.dilation
    return (at >= 0) & (at < window.size.value)


def live_share(live: Flags, mr: int) -> float:
    """The share of (block of mr rows, tap) pairs with any row's tap inside."""
    blocks = -(-len(live) // mr)
    padded = np.zeros((blocks * mr, live.shape[1]), np.bool_)
    padded[: len(live)] = live
    return float(padded.reshape(blocks, mr, -1).any(axis=1).mean())
