"""Packed operands: the physical forms that schedules ask for, as types and as numpy data movement for constants.

| packing | logical | packed |
|---|---|---|
| `gemm_b {nr}` | [batch.., K, N], or [batch.., N, K] with `transposed` | [batch.., ceil(N / nr), K, nr] |
| `conv_oihw {nr, group}` | [O, I / group, kernel..] | [group, ceil(O / group / nr), K, nr], K = kernel.. * I / group |
| `conv_oihw {.., channels_first}` | the same | the same, K = I / group * kernel.. |
| `conv_iohw {nr, group}` | [I, O / group, kernel..] | the same of a transposed convolution's weight |
| `depthwise` | [C, 1, kernel..] | [kernel elements, C] |
| `winograd {nr, alpha}` | [O, I, 3, 3] | [ceil(O / nr), filter values, I, nr]: filters for tiles of alpha inputs |
| `quads_*` | weights of 8-bit integers | see `packing_bytes` |

A panel holds `nr` columns of the right-hand side, K rows of `nr` adjacent elements, with zeros past the last column; in the K
of a convolution the channels are innermost. This is what a micro-kernel streams through (Goto and van de Geijn 2008, "Anatomy
of high-performance matrix multiplication").
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from xdsl.ir import Attribute

from ..dialects.graph.dims import product
from ..dialects.graph.types import AnyTensor, Dims, dims_of, element_of, tensor
from ..dialects.kernel import PackingAttr
from .cook_toom import FILTERINGS, transform_filters
from .packing_bytes import pack_quads, pack_quads_conv, quads_conv_dims, quads_dims

Array = np.ndarray[Any, np.dtype[Any]]


def packed_type(packing: PackingAttr, logical: Attribute) -> AnyTensor:
    """The type of the packed form of a tensor of `logical` type. Raises ValueError for a packing that is not known."""
    return tensor(element_of(logical), _form(packing)[0](packing, dims_of(logical)))


def pack_array(packing: PackingAttr, array: Array) -> Array:
    """The packed form of a constant, C-contiguous, padding is zero: data movement, or plain IEEE arithmetic for `winograd`."""
    return _form(packing)[1](packing, array)


def _form(packing: PackingAttr) -> _Form:
    form = _FORMS.get(packing.kind.data)
    if form is None:
        raise ValueError(f"packing '{packing.kind.data}' is not one of {', '.join(_FORMS)}")
    return form


# -- matmul ----------------------------------------------------------------------------------------------------------------
def _gemm_dims(packing: PackingAttr, dims: Dims) -> Dims:
    *batch, k, n = dims
    if packing.get("transposed", 0):
        k, n = n, k
    nr = packing["nr"]
    return (*batch, n.ceildiv(nr), k, product([nr]))


def _pack_gemm(packing: PackingAttr, array: Array) -> Array:
    columns = array if packing.get("transposed", 0) else np.swapaxes(array, -1, -2)
    return _panels(columns, packing["nr"])


def _panels(columns: Array, nr: int) -> Array:
    """[batch.., N, K] in any strides -> [batch.., ceil(N / nr), K, nr]. Panel by panel, so that transposing stays in cache."""
    *batch, n, k = columns.shape
    packed = np.zeros((*batch, -(-n // nr), k, nr), columns.dtype)
    for panel in range(packed.shape[-3]):
        chunk = columns[..., panel * nr : (panel + 1) * nr, :]
        packed[..., panel, :, : chunk.shape[-2]] = np.swapaxes(chunk, -1, -2)
    return packed


# -- convolutions ----------------------------------------------------------------------------------------------------------
def _conv_dims(packing: PackingAttr, dims: Dims) -> Dims:
    outputs, inputs, *kernel = dims
    group, nr = packing.get("group", 1), packing["nr"]
    return (product([group]), (outputs // group).ceildiv(nr), product([inputs, *kernel]), product([nr]))


def _pack_conv(packing: PackingAttr, array: Array) -> Array:
    group = packing.get("group", 1)
    ordered = array if packing.get("channels_first", 0) else np.moveaxis(array, 1, -1)
    return _panels(ordered.reshape(group, array.shape[0] // group, prod(array.shape[1:])), packing["nr"])


def _conv_transpose_dims(packing: PackingAttr, dims: Dims) -> Dims:
    inputs, outputs, *kernel = dims
    group, nr = packing.get("group", 1), packing["nr"]
    return (product([group]), outputs.ceildiv(nr), product([inputs // group, *kernel]), product([nr]))


def _pack_conv_transpose(packing: PackingAttr, array: Array) -> Array:
    inputs, outputs, *kernel = array.shape
    group = packing.get("group", 1)
    split = array.reshape(group, inputs // group, outputs, *kernel)
    taps = np.moveaxis(split, 1, -1).reshape(group, outputs, inputs // group * prod(kernel))
    return _panels(taps, packing["nr"])


# -- depthwise -------------------------------------------------------------------------------------------------------------
def _depthwise_dims(_: PackingAttr, dims: Dims) -> Dims:
    channels, _one, *kernel = dims
    return (product(kernel), channels)


def _pack_depthwise(_: PackingAttr, array: Array) -> Array:
    return np.ascontiguousarray(array.reshape(array.shape[0], prod(array.shape[1:])).T)


# -- Winograd --------------------------------------------------------------------------------------------------------------
def _winograd_dims(packing: PackingAttr, dims: Dims) -> Dims:
    outputs, inputs, *_ = dims
    values = FILTERINGS[packing["alpha"]].filters ** 2
    return (outputs.ceildiv(packing["nr"]), product([values]), inputs, product([packing["nr"]]))


def _pack_winograd(packing: PackingAttr, array: Array) -> Array:
    """Panel by panel, so that the f64 intermediates stay in cache."""
    nr, alpha = packing["nr"], packing["alpha"]
    outputs, inputs = array.shape[:2]
    packed = np.zeros((-(-outputs // nr), FILTERINGS[alpha].filters ** 2, inputs, nr), array.dtype)
    for panel in range(len(packed)):
        filters = transform_filters(array[panel * nr : (panel + 1) * nr].swapaxes(0, 1), alpha)
        packed[panel, ..., : filters.shape[1]] = np.moveaxis(filters.reshape(*filters.shape[:2], -1), -1, 0)
    return packed


_Form = tuple[Callable[[PackingAttr, Dims], Dims], Callable[[PackingAttr, Array], Array]]
_FORMS: dict[str, _Form] = {
    "gemm_b": (_gemm_dims, _pack_gemm),
    "conv_oihw": (_conv_dims, _pack_conv),
    "conv_iohw": (_conv_transpose_dims, _pack_conv_transpose),
    "depthwise": (_depthwise_dims, _pack_depthwise),
    "winograd": (_winograd_dims, _pack_winograd),
    "quads_b": (quads_dims, pack_quads),
    "quads_oihw": (quads_conv_dims, pack_quads_conv),
}
