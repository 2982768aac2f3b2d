"""expand-transposed-convs: a strided transposed convolution becomes an ordinary one whose channels are the places of a block.

Sub-pixel convolution (Shi et al., 2016), the other way round. With u = o + pad = stride * q + r, output u is the sum over the
taps k = r + stride * j of x[q - j] * w[k]: for each of the `stride` places r of a block there is a convolution with
kernel / stride taps over the same inputs. All are one convolution with that many times the channels, and a transpose puts the
places side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from ..dialects.graph.base import integer, ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.linalg import ConvOp, ConvTransposeOp
from ..dialects.graph.movement import ReshapeOp, SliceOp, TransposeOp
from ..dialects.graph.types import Dims, dims_of, element_of, static_shape, tensor
from .driver import Pattern, PatternPass, Rewriter
from .weight_math import fold, is_known

Array = NDArray[Any]


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a transposed convolution."""

    size: DimExpr
    taps: int
    stride: int
    dilation: int
    before: int
    after: int
    extra: int
    """output_padding"""

    @property
    def fits(self) -> bool:
        """Whether each place of a block has equally many taps, and the convolution needs no negative pads."""
        return self.dilation == 1 and self.taps % self.stride == 0 and min(self.pads) >= 0

    @property
    def pads(self) -> tuple[int, int]:
        """Of the ordinary convolution, whose first block is number before // stride."""
        return self.taps // self.stride - 1 - self.before // self.stride, (self.taps - 1 - self.after + self.extra) // self.stride

    @property
    def blocks(self) -> DimExpr:
        """How many blocks hold an output."""
        return self.size + sum(self.pads) - (self.taps // self.stride - 1)


def axes_of(op: ConvTransposeOp) -> list[Axis]:
    """The spatial axes; the weight is of static shape."""
    sizes, taps = dims_of(op.x)[2:], static_shape(op.weight)[2:]
    rows = zip(sizes, taps, ints(op.strides), ints(op.dilations), op.padding, ints(op.output_padding), strict=True)
    return [Axis(x, k, s, d, before, after, extra) for x, k, s, d, (before, after), extra in rows]


class ExpandTransposedConv(Pattern[ConvTransposeOp]):
    """conv_transpose(x, w), stride s -> slice(reshape(transpose(reshape(conv(x, w')))))

    Guard: constant weights, one group, kernels that are multiples of the strides (other taps would be zeros, which make NaNs of
    infinities), and pads or overlap: blocks that are only put side by side are one product already.
    """

    def rewrite(self, op: ConvTransposeOp, rewriter: Rewriter) -> bool:
        weights = [op.weight, *([] if op.bias is None else [op.bias])]
        if integer(op.group) != 1 or not all(is_known(w, rewriter.session.weights) for w in weights):
            return False
        axes = axes_of(op)
        if all(a.stride == 1 for a in axes) or all(a.taps == a.stride for a in axes) or not all(a.fits for a in axes):
            return False
        _replace(op, axes, rewriter)
        return True


def _replace(op: ConvTransposeOp, axes: list[Axis], rewriter: Rewriter) -> None:
    strides, channels = [a.stride for a in axes], dims_of(op.weight)[1]
    pads = [*(a.pads[0] for a in axes), *(a.pads[1] for a in axes)]
    bias = None if op.bias is None else _bias(op, op.bias, strides, rewriter)
    conv = rewriter.insert(ConvOp(op.x, _weight(op, strides, rewriter), bias, pads=pads))
    element, blocks = element_of(op.result), [a.blocks for a in axes]
    rank = len(axes)
    split = rewriter.insert(ReshapeOp(conv, tensor(element, [dims_of(op.x)[0], *strides, channels, *blocks])))
    places = [axis for i in range(rank) for axis in (rank + 2 + i, 1 + i)]
    moved = rewriter.insert(TransposeOp(split, [0, rank + 1, *places]))
    whole: Dims = (dims_of(op.x)[0], channels, *(a.blocks * a.stride for a in axes))
    image = rewriter.insert(ReshapeOp(moved, tensor(element, whole)))
    starts = [0, 0, *(a.before % a.stride for a in axes)]
    rewriter.replace(op, SliceOp(image, starts, op.result.type))


def _weight(op: ConvTransposeOp, strides: list[int], rewriter: Rewriter) -> SSAValue:
    """[C, O, K...] as [places * O, C, K / stride...]: of place r, the taps r, r + stride, ... from the last to the first."""
    inputs, outputs, *taps = static_shape(op.weight)
    rank, steps = len(taps), [k // s for k, s in zip(taps, strides, strict=True)]
    places = int(np.prod(strides))

    def rearrange(w: Array) -> Array:
        split = w.reshape([inputs, outputs, *(n for pair in zip(steps, strides, strict=True) for n in pair)])
        flipped: Array = np.flip(split, tuple(2 + 2 * i for i in range(rank)))
        order = [*(3 + 2 * i for i in range(rank)), 1, 0, *(2 + 2 * i for i in range(rank))]
        return flipped.transpose(order).reshape(places * outputs, inputs, *steps)

    shape = (places * outputs, inputs, *steps)
    return rewriter.insert(fold(rearrange, [op.weight], shape, element_of(op.weight), rewriter.session.weights)).result


def _bias(op: ConvTransposeOp, bias: SSAValue, strides: list[int], rewriter: Rewriter) -> SSAValue:
    """Once for each place."""
    places, outputs = int(np.prod(strides)), static_shape(bias)[0]

    def repeat(b: Array) -> Array:
        return np.tile(b, places)

    folded = fold(repeat, [bias], (places * outputs,), element_of(bias), rewriter.session.weights)
    return rewriter.insert(folded).result


@dataclass(frozen=True)
class ExpandTransposedConvsPass(PatternPass):
    """Strided transposed convolutions -> ordinary ones with more channels."""

    name = "expand-transposed-convs"
    patterns = (ExpandTransposedConv(),)
