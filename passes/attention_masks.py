"""Masks of attention scores: added or chosen, and in which batch dims."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import WhereOp
from ..dialects.graph.types import Dims, dims_of
from ..lowering.strided import reshape_groups
from ..runtime.weights import WeightStore
from .constants import scalar_constant
from .driver import Rewriter
from .matching import scalar_of

ONE = DimExpr.of(1)


@dataclass(frozen=True)
class Mask:
    """A mask of scores whose batch dims are `frame`: `value` is added; with `fill`, where it is true scores become that."""

    value: SSAValue
    frame: Dims
    fill: float | None = None
    inverted: bool = False
    """Scores become `fill` where `value` is false instead."""

    def materialize(self, element: Attribute, rewriter: Rewriter) -> SSAValue:
        """As a mask of graph.attention: `fill` is 0 wherever scores stay."""
        if self.fill is None:
            return self.value
        fill, zero = (rewriter.insert(scalar_constant(x, element)).result for x in (self.fill, 0.0))
        return rewriter.insert(WhereOp(self.value, *((zero, fill) if self.inverted else (fill, zero)))).result


@dataclass(frozen=True)
class Chosen:
    """A mask that chooses, and the scores that it chooses from."""

    mask: Mask
    score: SSAValue


def chosen_mask(op: WhereOp, store: WeightStore) -> Chosen | None:
    """where(c, score, number) or where(c, number, score); the number isn't zero, which marks what stays."""
    for score, number, inverted in ((op.lhs, op.rhs, True), (op.rhs, op.lhs, False)):
        fill = scalar_of(number, store)
        if fill and dims_of(score) == dims_of(op.result):
            return Chosen(Mask(op.condition, dims_of(op.result)[:-2], fill, inverted), score)
    return None


def in_frame(mask: Mask, frame: Dims) -> Dims | None:
    """The dims under which the mask is read where the batch dims of scores are `frame`; None where that takes a copy."""
    own = dims_of(mask.value)
    if mask.frame == frame:
        return own
    own = (*[ONE] * (len(mask.frame) + 2 - len(own)), *own)
    batch, matrix = own[:-2], own[-2:]
    groups = reshape_groups(mask.frame, frame)
    if all(d == ONE for d in batch) or groups is None:
        return matrix if all(d == ONE for d in batch) else None
    dims: list[DimExpr] = []
    for old, new in groups:
        if all(batch[axis] == ONE for axis in old):
            dims += [ONE] * len(new)
        elif all(batch[axis] == mask.frame[axis] for axis in old):
            dims += [frame[axis] for axis in new]
        else:
            return None
    return (*dims, *matrix)
