"""absorb-pads: a pad in front of a convolution or a pool becomes its padding (REWRITES U14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.linalg import ConvOp
from ..dialects.graph.movement import PadOp
from ..dialects.graph.pool import PoolOp
from ..dialects.graph.types import rank_of
from ..runtime.weights import WeightStore
from .driver import Pattern, PatternPass, Rewriter, producer
from .matching import scalar_of


def spatial_pads(pad: PadOp, value: float, store: WeightStore) -> list[int] | None:
    """All begins, then all ends, of a pad of spatial dims alone by this value; None for any other pad."""
    written = 0.0 if pad.value is None else scalar_of(pad.value, store)
    amounts = (*pad.low.data, *pad.high.data)
    if pad.mode.data != "constant" or written != value or not all(a.is_static and a.value >= 0 for a in amounts):
        return None
    low, high = ([a.value for a in side] for side in (pad.low.data, pad.high.data))
    return None if any((*low[:2], *high[:2])) else [*low[2:], *high[2:]]


def added(pads: Sequence[int], more: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(pads, more, strict=True)]


class PadIntoConv(Pattern[ConvOp]):
    """conv(pad(x, 0)) -> conv(x) with larger pads, where only spatial dims are padded, by known amounts"""

    def rewrite(self, op: ConvOp, rewriter: Rewriter) -> bool:
        pad = producer(op.x, PadOp)
        more = spatial_pads(pad, 0.0, rewriter.session.weights) if pad is not None else None
        if pad is None or more is None:
            return False
        pads, group = added(ints(op.pads), more), integer(op.group)
        rewriter.replace(op, ConvOp(pad.x, op.weight, op.bias, ints(op.strides), pads, ints(op.dilations), group, op.result.type))
        return True


class PadIntoPool(Pattern[PoolOp]):
    """pool(pad(x)) -> pool(x) with larger pads: a maximum of what is padded by -infinity, an average of what is by 0

    Padding then counts in the average, so that the pool has none that does not; the size is not rounded up.
    """

    def rewrite(self, op: PoolOp, rewriter: Rewriter) -> bool:
        pad, kind = producer(op.x, PadOp), op.kind.data
        if pad is None or rank_of(op.x) < 3 or flag(op.ceil_mode) or kind not in ("max", "average"):
            return False
        more = spatial_pads(pad, -math.inf if kind == "max" else 0.0, rewriter.session.weights)
        counts = flag(op.count_include_pad) or not any(ints(op.pads))
        if more is None or (kind == "average" and not counts):
            return False
        pads, counted = added(ints(op.pads), more), kind == "average"
        replacement = PoolOp(
            pad.x,
            kind,
            ints(op.kernel),
            ints(op.strides),
            pads,
            ints(op.dilations),
            counted,
            False,
            integer(op.p),
            op.result.type,
        )
        rewriter.replace(op, replacement)
        return True


@dataclass(frozen=True)
class AbsorbPadsPass(PatternPass):
    """Pads before convolutions and pools -> their padding."""

    name = "absorb-pads"
    patterns = (PadIntoConv(), PadIntoPool())
