"""Attributes of sliding windows: strides, dilations, and `auto_pad` worked out to explicit pads."""

from __future__ import annotations

from collections.abc import Sequence

from ..dialects.graph.dims import DimExpr
from .node import Node, UnsupportedError


def window(n: Node, rank: int) -> tuple[list[int], list[int]]:
    """Strides and dilations; ValueError unless there is a positive one for each spatial dim."""
    strides, dilations = n.ints_attr("strides", [1] * rank), n.ints_attr("dilations", [1] * rank)
    for name, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != rank or any(v < 1 for v in values):
            raise ValueError(f"{name} are {rank} positive numbers, got {values}")
    return strides, dilations


def padding(
    n: Node, sizes: Sequence[DimExpr], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """All begins, then all ends. SAME_*: as much as makes the output ceil(size / stride)."""
    auto, rank = n.str_attr("auto_pad", "NOTSET"), len(kernel)
    if auto == "VALID":
        return [0] * (2 * rank)
    if auto == "NOTSET":
        return n.ints_attr("pads", [0] * (2 * rank))
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise ValueError(f"auto_pad is NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '{auto}'")
    pads: list[tuple[int, int]] = []
    for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        total = (size.ceildiv(stride) - 1) * stride + (k - 1) * dilation + 1 - size
        if not total.is_static:
            raise UnsupportedError(f"auto_pad {auto} of a symbolic size {size} with stride {stride}")
        pads.append(same_padding(max(0, total.value), upper=auto == "SAME_UPPER"))
    return [low for low, _ in pads] + [high for _, high in pads]


def same_padding(total: int, upper: bool) -> tuple[int, int]:
    """(before, after) of padding that is as even as can be; the odd one goes after for `upper`."""
    half, rest = total // 2, total - total // 2
    return (half, rest) if upper else (rest, half)
