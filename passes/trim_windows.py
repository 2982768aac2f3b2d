"""trim-windows: taps of a convolution that read only padding go, as strongly dilated windows on small images have them."""

from __future__ import annotations

from dataclasses import dataclass

from ..dialects.graph.base import integer, ints
from ..dialects.graph.linalg import ConvOp
from ..dialects.graph.movement import SliceOp
from ..dialects.graph.types import dims_of, element_of, tensor
from .driver import Pattern, PatternPass, Rewriter


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a convolution: output o reads input `o * stride - before + k * dilation` for each tap k."""

    size: int
    outputs: int
    taps: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def live(self) -> range:
        """From the first to the last tap that reads an input for some output; the first tap where none does."""
        taps = [k for k in range(self.taps) if self._reads_input(k)]
        return range(taps[0], taps[-1] + 1) if taps else range(1)

    def _reads_input(self, tap: int) -> bool:
        start = tap * self.dilation - self.before
        inside = (start + o * self.stride for o in range(self.outputs))
        return any(0 <= at < self.size for at in inside)

    def trimmed_pads(self) -> tuple[int, int]:
        """Pads under which the live taps read what they read before; negative where the others reached further into the image."""
        live = self.live
        return self.before - live.start * self.dilation, self.after - (self.taps - live.stop) * self.dilation


def axes_of(op: ConvOp) -> list[Axis] | None:
    """The spatial axes; None when some extent is not known."""
    sizes, outputs, taps = dims_of(op.x)[2:], dims_of(op.result)[2:], dims_of(op.weight)[2:]
    if not all(d.is_static for d in (*sizes, *outputs, *taps)):
        return None
    rows = zip(sizes, outputs, taps, ints(op.strides), ints(op.dilations), op.padding, strict=True)
    return [Axis(x.value, y.value, k.value, s, d, *pads) for x, y, k, s, d, pads in rows]


class TrimTaps(Pattern[ConvOp]):
    """conv(x, w) -> conv(x, w[.., a:b, ..]) with smaller pads, where the first a taps or those from b on read only padding

    Pads don't become negative: a convolution that does not even look at the border of its input is left alone.
    """

    def rewrite(self, op: ConvOp, rewriter: Rewriter) -> bool:
        axes = axes_of(op)
        if axes is None or all(len(axis.live) == axis.taps for axis in axes):
            return False
        pads = [axis.trimmed_pads() for axis in axes]
        if min(min(p) for p in pads) < 0:
            return False
        shape = [*dims_of(op.weight)[:2], *(len(axis.live) for axis in axes)]
        starts = [0, 0, *(axis.live.start for axis in axes)]
        weight = SliceOp(op.weight, starts, tensor(element_of(op.weight), shape))
        flat = [*(before for before, _ in pads), *(after for _, after in pads)]
        group, result = integer(op.group), op.result.type
        trimmed = ConvOp(op.x, weight, op.bias, ints(op.strides), flat, ints(op.dilations), group, result)
        rewriter.insert(weight, before=op)
        rewriter.replace(op, trimmed)
        return True


@dataclass(frozen=True)
class TrimWindowsPass(PatternPass):
    """Taps that lie in padding -> smaller windows."""

    name = "trim-windows"
    patterns = (TrimTaps(),)
