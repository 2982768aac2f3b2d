"""Packed forms of 8-bit weights, for products that take four (or `deep`) steps of depth at a time.

| packing | logical | packed |
|---|---|---|
| `quads_b {nr}` | [batch.., K, N], or [batch.., N, K] with `transposed` | [batch.., ceil(N / nr), 1 + ceil(K / 4), 4 nr] |
| `quads_oihw {nr, group}` | [O, I / group, kernel..] | [group, ceil(O / group / nr), 1 + ceil(K / 4), 4 nr] |

With `deep` 8, eight takes the place of four: for instructions that add eight products.

K of a convolution is kernel.. * I / group, with `channels_first` I / group * kernel... A panel holds `nr` columns. Its first row
has the sums over K of the columns as 32-bit integers, in their bytes; then come rows of four elements of each column that follow
each other in K. What is past the end is zero.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.types import Dims
from ..dialects.kernel import PackingAttr

Array = np.ndarray[Any, np.dtype[Any]]
QUAD = 4


def quads_dims(packing: PackingAttr, dims: Dims) -> Dims:
    *batch, k, n = dims
    if packing.get("transposed", 0):
        k, n = n, k
    return _dims(batch, k, n, packing)


def quads_conv_dims(packing: PackingAttr, dims: Dims) -> Dims:
    outputs, inputs, *kernel = dims
    group = packing.get("group", 1)
    return _dims([DimExpr.of(group)], product([inputs, *kernel]), outputs // group, packing)


def deep_of(packing: PackingAttr) -> int:
    """Steps of depth whose elements of a column lie together."""
    return packing.get("deep", QUAD)


def _dims(batch: list[DimExpr], k: DimExpr, n: DimExpr, packing: PackingAttr) -> Dims:
    nr, deep = packing["nr"], deep_of(packing)
    return (*batch, n.ceildiv(nr), k.ceildiv(deep) + 1, DimExpr.of(deep * nr))


def pack_quads(packing: PackingAttr, array: Array) -> Array:
    return _pack(array if packing.get("transposed", 0) else np.swapaxes(array, -1, -2), packing)


def pack_quads_conv(packing: PackingAttr, array: Array) -> Array:
    group = packing.get("group", 1)
    ordered = array if packing.get("channels_first", 0) else np.moveaxis(array, 1, -1)
    return _pack(ordered.reshape(group, array.shape[0] // group, prod(array.shape[1:])), packing)


def _pack(columns: Array, packing: PackingAttr) -> Array:
    """[batch.., N, K] -> [batch.., panels, 1 + groups, deep * nr]."""
    nr, deep = packing["nr"], deep_of(packing)
    *batch, n, k = columns.shape
    panels, groups = -(-n // nr), -(-k // deep)
    padded = np.zeros((*batch, panels * nr, groups * deep), columns.dtype)
    padded[..., :n, :k] = columns
    sums = np.zeros((*batch, panels, 1, deep // QUAD * nr), "<i4")
    sums[..., :nr] = padded.sum(-1, dtype=np.int32).reshape(*batch, panels, 1, nr)
    rows = np.moveaxis(padded.reshape(*batch, panels, nr, groups, deep), -2, -3).reshape(*batch, panels, groups, nr * deep)
    return np.concatenate([sums.view(columns.dtype), rows], axis=-2)
