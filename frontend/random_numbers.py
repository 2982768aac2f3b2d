"""Random numbers as a function of a seed and of their position: the ops that draw them stay pure.

A model draws the same numbers every time it runs. A node without a seed has one made from its name.
"""

from __future__ import annotations

import zlib

import numpy as np

from ..dialects import graph
from ..dialects.graph.dims import DimLike, product
from .node import Node
from .terms import Term, iota

_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = (1 << 64) - 1


def node_seed(n: Node) -> int:
    """64 bits from the attribute `seed`, or from the node's name where it has none."""
    given = n.attributes.get("seed")
    text = n.scope.node_name(n.proto) if given is None else repr((given.i, given.f))
    return (zlib.crc32(text.encode()) * _GOLDEN) & _MASK


def uniform(n: Node, dims: tuple[DimLike, ...], stream: int = 0) -> Term:
    """f32 numbers in [0, 1), multiples of 2**-24: SplitMix64 (Steele, Lea and Flood 2014) of seed, stream and position."""
    start = (node_seed(n) + stream * _SECOND) & _MASK
    x = iota(n, product(dims), np.uint64) * _GOLDEN + start
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        x = _fold(x, shift) * factor
    bits = _fold(x, 31).with_(graph.ShiftRightOp, 40)
    return (bits.cast(np.float32) * 2.0**-24).reshape(*dims)


def _fold(x: Term, shift: int) -> Term:
    return x.with_(graph.BitwiseXorOp, x.with_(graph.ShiftRightOp, shift))
