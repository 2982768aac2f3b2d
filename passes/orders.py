"""Memory orders: what a transpose or a reshape does to them while no element moves.

An order lists the dims of a tensor from outermost to innermost in memory. Dims of size 1 may stand anywhere in it: two orders
that differ only in those describe the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue

from ..dialects.graph.base import ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.movement import RelayoutOp, ReshapeOp, TransposeOp
from ..dialects.graph.types import Dims, dims_of, order_of
from ..lowering.strided import reshape_groups

Order = tuple[int, ...]
ONE = DimExpr.of(1)


def row_major(rank: int) -> Order:
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    """Batch, spatial dims, channels, of [N, C, I...]."""
    return (0, *range(2, rank), 1) if rank >= 2 else row_major(rank)


def spread(dims: Sequence[DimExpr], order: Sequence[int]) -> Order:
    """The order without the dims of size 1: what decides where elements lie."""
    return tuple(axis for axis in order if dims[axis] != ONE)


def lies_as(value: SSAValue, order: Sequence[int]) -> bool:
    """Whether the elements of a value lie as they would in this order."""
    dims = dims_of(value)
    return spread(dims, order_of(value)) == spread(dims, order)


def canonical(dims: Sequence[DimExpr], order: Sequence[int], preferred: Sequence[Order]) -> Order:
    """The first of the preferred orders that puts the elements where `order` does, else `order` itself."""
    wanted = spread(dims, order)
    return next((o for o in preferred if spread(dims, o) == wanted), tuple(order))


def transposed(order: Sequence[int], perm: Sequence[int]) -> Order:
    """The order of transpose(x, perm), x lying in `order`, that moves nothing."""
    return tuple(list(perm).index(axis) for axis in order)


def reshaped(dims: Dims, order: Sequence[int], new: Dims) -> Order | None:
    """The order of a reshape to `new` that moves nothing; None where there is none.

    Dims that merge or split must lie next to each other, in their logical order.
    """
    groups = reshape_groups(dims, new)
    if groups is None:
        return None
    position = {axis: at for at, axis in enumerate(spread(dims, order))}
    placed: list[tuple[int, Sequence[int]]] = []
    for old, made in groups:
        places = [position[axis] for axis in old if axis in position]
        if places and places != list(range(places[0], places[0] + len(places))):
            return None
        placed.append((places[0] if places else -1, made))
    ones = [axis for at, made in placed if at < 0 for axis in made]
    return (*ones, *(axis for at, made in sorted(placed) if at >= 0 for axis in made))


def moves_nothing(op: Operation) -> bool:
    """Whether the result of a reshape, transpose or relayout is its operand's bytes under another type."""
    match op:
        case ReshapeOp() if all(lies_as(v, row_major(len(dims_of(v)))) for v in (op.x, op.result)):
            return True  # whatever the dims: symbols of run time say nothing about which of them merge or split
        case ReshapeOp():
            order = reshaped(dims_of(op.x), order_of(op.x), dims_of(op.result))
        case TransposeOp():
            order = transposed(order_of(op.x), ints(op.perm))
        case RelayoutOp():
            order = order_of(op.x)
        case _:
            return False
    return order is not None and lies_as(op.result, order)
