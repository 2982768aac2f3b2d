"""Masks that hide the keys after a query: constant triangles, and comparisons of positions where dims are open."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, integer
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import AddOp, GreaterEqualOp, GreaterOp, LessEqualOp, LessOp, NotOp, WhereOp
from ..dialects.graph.movement import BroadcastOp, TriluOp
from ..dialects.graph.types import Dims, dims_of, rank_of
from ..runtime.weights import WeightStore
from .affine_values import count_of
from .attention_masks import Mask
from .constants import Array, array_of
from .driver import producer
from .fold_shapes import is_natural
from .matching import operand_pairs, scalar_of

ONE = DimExpr.of(1)
HIDES = -1e30
"""A number that scores vanish beside: added to one or put in its place, it comes to the same."""


@dataclass(frozen=True)
class Causal:
    """Query i sees the keys 0 .. i + offset. `lasting` when what is hidden stays so whatever else is added: it is -inf."""

    offset: DimExpr
    lasting: bool


@dataclass(frozen=True)
class Triangle:
    """Which keys are visible, and the number that hides the others."""

    offset: DimExpr
    number: float


def causal_of(mask: Mask, scores: Dims, store: WeightStore) -> Causal | None:
    """The causal limit that a mask of scores of these dims comes to; None where it is no such triangle.

    Numbers that scores vanish beside count as -inf where every query has a key.
    """
    own = dims_of(mask.value)
    if any(d != ONE for d in own[:-2]) or own[-2:] != scores[-2:]:
        return None
    numbers = _numbers(mask, store)
    found = _triangle(mask, store) if numbers is None else _constant_triangle(numbers)
    if found is None or not found.number <= HIDES:
        return None
    lasting = found.number == -inf
    return Causal(found.offset, lasting) if lasting or is_natural(found.offset) else None


# -- constants ------------------------------------------------------------------------------------------------------------------
def _numbers(mask: Mask, store: WeightStore) -> Array | None:
    """A constant mask as a matrix of numbers that are added."""
    array = array_of(mask.value, store)
    if array is None or array.ndim < 2 or array.size == 0:
        return None
    matrix = array.reshape(array.shape[-2:])
    return matrix if mask.fill is None else np.where(matrix != mask.inverted, mask.fill, 0.0)


def _constant_triangle(numbers: Array) -> Triangle | None:
    visible = numbers == 0
    (queries, keys), counts = visible.shape, visible.sum(axis=1)
    offset = int(counts[0]) - 1
    if counts[0] == 0:
        offset = int(counts[-1]) - queries if counts[-1] else -queries
    if not np.array_equal(visible, np.tri(queries, keys, offset, dtype=np.bool_)):
        return None
    hidden = numbers[~visible]
    return Triangle(DimExpr.of(offset), float(hidden.max()) if hidden.size else -inf)


# -- what is computed from positions --------------------------------------------------------------------------------------------
def _triangle(mask: Mask, store: WeightStore) -> Triangle | None:
    if mask.fill is None:
        return _added(mask.value, store)
    found = _compared(mask.value, store)
    return Triangle(found[0], mask.fill) if found is not None and found[1] == mask.inverted else None


def _added(value: SSAValue, store: WeightStore) -> Triangle | None:
    """where(visible, 0, number), or trilu(number)."""
    match value.owner:
        case AddOp() as add:
            plain = [x for x, zero in operand_pairs(add) if scalar_of(zero, store) == 0 and dims_of(x) == dims_of(value)]
            return _added(plain[0], store) if plain else None
        case WhereOp() as where:
            found, numbers = _compared(where.condition, store), [scalar_of(x, store) for x in (where.lhs, where.rhs)]
            if found is None or numbers[not found[1]] != 0:
                return None
            number = numbers[found[1]]
            return None if number is None else Triangle(found[0], number)
        case TriluOp() as trilu:
            broadcast = producer(trilu.x, BroadcastOp)
            number = scalar_of(trilu.x if broadcast is None else broadcast.x, store)
            upper = flag(trilu.upper) and number is not None
            return Triangle(DimExpr.of(integer(trilu.k) - 1), number) if upper and number is not None else None
        case _:
            return None


def _compared(condition: SSAValue, store: WeightStore) -> tuple[DimExpr, bool] | None:
    """(offset, c) of a comparison of a key's and a query's position that is c where the key is visible."""
    match condition.owner:
        case NotOp() as negated:
            inner = _compared(negated.x, store)
            return None if inner is None else (inner[0], not inner[1])
        case LessEqualOp() | LessOp() as op:
            return _ordered(op.lhs, op.rhs, -isinstance(op, LessOp), dims_of(condition), store)
        case GreaterEqualOp() | GreaterOp() as op:
            return _ordered(op.rhs, op.lhs, -isinstance(op, GreaterOp), dims_of(condition), store)
        case _:
            return None


def _ordered(low: SSAValue, high: SSAValue, shift: int, dims: Dims, store: WeightStore) -> tuple[DimExpr, bool] | None:
    """The same for low <= high + shift, where one counts along keys and the other along queries."""
    for key, query, visible in ((low, high, True), (high, low, False)):
        first, own = _position(key, 1, dims, store), _position(query, 2, dims, store)
        if first is not None and own is not None:
            return (own - first + shift, True) if visible else (own - first - shift - 1, False)
    return None


def _position(value: SSAValue, place: int, dims: Dims, store: WeightStore) -> DimExpr | None:
    """The first position of a value that counts up by one along the last dim but `place` - 1, and along no other."""
    count = count_of(value, store)
    if count is None:
        return None
    if count.axis is None:
        return count.start if dims[-place] == ONE else None
    return count.start if count.step == 1 and rank_of(value) - count.axis == place else None
