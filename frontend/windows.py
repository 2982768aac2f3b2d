"""Attributes of sliding windows: strides, dilations, and `auto_pad` worked out to explicit pads, symbolic where sizes are."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from .node import Node


def window(n: Node, rank: int) -> tuple[list[int], list[int]]:
    """Strides and dilations; ValueError unless there is a positive one for each spatial dim."""
    strides, dilations = n.ints_attr("strides", [1] * rank), n.ints_attr("dilations", [1] * rank)
    for name, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != rank or any(v < 1 for v in values):
            raise ValueError(f"{name} are {rank} positive numbers, got {values}")
    return strides, dilations


def padding(
    n: Node, sizes: Sequence[DimExpr], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[DimExpr]:
    """All begins, then all ends. SAME_*: as much as makes the output ceil(size / stride)."""
    auto, rank = n.str_attr("auto_pad", "NOTSET"), len(kernel)
    if auto == "VALID":
        return [DimExpr.of(0)] * (2 * rank)
    if auto == "NOTSET":
        return [DimExpr.of(p) for p in n.ints_attr("pads", [0] * (2 * rank))]
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise ValueError(f"auto_pad is NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '{auto}'")
    pads: list[tuple[DimExpr, DimExpr]] = []
    for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        total = (size.ceildiv(stride) - 1) * stride + (k - 1) * dilation + 1 - size
        pads.append(same_padding(total.max(0), upper=auto == "SAME_UPPER"))
    return [low for low, _ in pads] + [high for _, high in pads]


def padded(n: Node, x: SSAValue, pads: Sequence[DimExpr], value: float | int) -> tuple[SSAValue, list[int]]:
    """x and the pads of a window over it; pads that are symbolic are put round x instead, filled with a number."""
    if all(p.is_static for p in pads):
        return x, [p.value for p in pads]
    rank = len(pads) // 2
    outer = [DimExpr.of(0)] * 2
    fill = n.build.scalar(value, x)
    return n.emit(graph.PadOp(x, [*outer, *pads[:rank]], [*outer, *pads[rank:]], fill)), [0] * (2 * rank)


def same_padding(total: DimExpr, upper: bool) -> tuple[DimExpr, DimExpr]:
    """(before, after) of padding that is as even as can be; the odd one goes after for `upper`."""
    half, rest = total // 2, total - total // 2
    return (half, rest) if upper else (rest, half)
