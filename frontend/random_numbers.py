"""Random numbers as a function of a seed and of their position: the ops that draw them stay pure.

A model draws the same numbers every time it runs, and every turn of a loop draws what the first one drew. Nodes of the same
`seed` draw the same numbers; a node without one has a seed made from its name.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import DTypeLike

from ..dialects import graph
from ..dialects.graph.base import ui64
from ..dialects.graph.dims import DimLike, product
from ..dialects.graph.types import tensor
from .node import Node
from .terms import Term

_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = (1 << 64) - 1

_DIGITS = {"float32": 24, "float64": 53}
"""Bits of a significand: so many of the 64 that are drawn become a number."""


def node_seed(n: Node) -> int:
    """64 bits from the attribute `seed`, or from the node's name where it has none."""
    given = n.attributes.get("seed")
    text = n.scope.node_name(n.proto) if given is None else repr((given.i, given.f))
    return (zlib.crc32(text.encode()) * _GOLDEN) & _MASK


def uniform(n: Node, dims: tuple[DimLike, ...], stream: int = 0, dtype: DTypeLike = np.float32) -> Term:
    """f32 numbers in [0, 1), multiples of 2**-24, or f64 ones, of 2**-53.

    SplitMix64 (Steele, Lea and Flood 2014) of seed, stream and position.
    """
    start = (node_seed(n) + stream * _SECOND) & _MASK
    x = _positions(n, product(dims)) * _GOLDEN + start
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        x = _fold(x, shift) * factor
    digits = _DIGITS[np.dtype(dtype).name]
    bits = _fold(x, 31).with_(graph.ShiftRightOp, 64 - digits)
    return (bits.cast(dtype) * 2.0**-digits).reshape(*dims)


def normal(n: Node, dims: tuple[DimLike, ...], dtype: DTypeLike = np.float32) -> Term:
    """Numbers of the standard normal distribution (Box and Muller 1958).

    None is larger than sqrt(-2 log 2**-24), about 5.8, in f32, and 8.6 in f64: the least that `uniform` can draw decides.
    """
    radius = (-2.0 * (1.0 - uniform(n, dims, 0, dtype)).log()).sqrt()
    return radius * (uniform(n, dims, 1, dtype) * (2 * math.pi)).apply(graph.CosOp)


def _positions(n: Node, count: DimLike) -> Term:
    """0, 1, ... below `count`: no constant, which might be larger than the rest of the model."""
    zero, one = (n.build.scalar(v, ui64) for v in (0, 1))
    limit = n.build.cast(n.build.emit(graph.DimsOp([count], scalar=True)), ui64)
    return Term(n.build, n.emit(graph.RangeOp(zero, limit, one, tensor(ui64, [count]))))


def _fold(x: Term, shift: int) -> Term:
    return x.with_(graph.BitwiseXorOp, x.with_(graph.ShiftRightOp, shift))
