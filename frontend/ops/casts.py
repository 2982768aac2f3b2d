"""Conversions between element types: Cast, CastLike, BitCast."""

from __future__ import annotations

from xdsl.ir import Attribute, SSAValue

from ...dialects import graph
from ...dialects.graph.dtypes import bits_of, element_type
from ...dialects.graph.types import element_of
from ..arguments import target_dtype
from ..node import Node, UnsupportedError
from ..registry import op


@op("Cast")
def cast(n: Node) -> SSAValue:
    return _cast(n, _target(n))


@op("CastLike")
def cast_like(n: Node) -> SSAValue:
    return _cast(n, n.element(1))


@op("BitCast")
def bit_cast(n: Node) -> SSAValue:
    x, target = n.x(), _target(n)
    if bits_of(element_of(x)) != bits_of(target):
        raise ValueError(f"{element_of(x)} and {target} differ in width")
    return x if element_of(x) == target else n.emit(graph.BitcastOp(x, target))


def _target(n: Node) -> Attribute:
    dtype = target_dtype(n)
    try:
        return element_type(dtype)
    except TypeError:
        raise UnsupportedError(f"cast to {dtype}") from None


def _cast(n: Node, to: Attribute) -> SSAValue:
    """`saturate` came with opset 19, `round_mode` with 24; both have their later default before."""
    x = n.x()
    if element_of(x) == to:
        return x
    return n.emit(graph.CastOp(x, to, bool(n.int_attr("saturate", 1)), n.str_attr("round_mode", "up")))
