"""Which dims of x a reshape merges into which dim of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.movement import ReshapeOp
from ..dialects.graph.types import Dims, dims_of, order_of

ONE, ZERO = DimExpr.of(1), DimExpr.of(0)


@dataclass(frozen=True)
class Merge:
    """A reshape that merges neighbouring dims, drops dims of 1 or inserts some, and splits none.

    `groups[j]` lists the dims of the source that make up dim j of the result, those of 1 left out; an inserted 1 has none.
    """

    source: SSAValue
    groups: tuple[tuple[int, ...], ...]

    @property
    def rank(self) -> int:
        return len(dims_of(self.source))

    def axis(self, result_axis: int) -> int | None:
        """The one source dim that a result dim is; None where it was merged or inserted."""
        group = self.groups[result_axis]
        return group[0] if len(group) == 1 else None

    def keeps_last(self, count: int) -> bool:
        """Whether the last `count` dims are the same, in place, on both sides."""
        tail = [(self.rank - i,) for i in range(count, 0, -1)]
        return count == 0 or list(self.groups[-count:]) == tail

    def lift(self, dims: Sequence[DimExpr]) -> tuple[DimExpr, ...] | None:
        """Dims that broadcast against the result, as dims that broadcast the same against the source; None if one was merged."""
        padding = len(self.groups) - len(dims)
        lifted = [ONE] * self.rank
        for axis, dim in enumerate(dims):
            if dim != ONE:
                source = self.axis(axis + padding)
                if source is None:
                    return None
                lifted[source] = dim
        first = next((i for i, d in enumerate(lifted) if d != ONE), self.rank)
        return tuple(lifted[first:])


def merge_of(op: ReshapeOp) -> Merge | None:
    """How a reshape merges dims; None if it splits any, or either side isn't row-major."""
    source, target = dims_of(op.x), dims_of(op.result)
    plain = all(order_of(v) == tuple(range(len(dims_of(v)))) for v in (op.x, op.result))
    groups = match_groups(source, target) if plain else None
    return None if groups is None else Merge(op.x, groups)


def match_groups(source: Dims, target: Dims) -> tuple[tuple[int, ...], ...] | None:
    """For each target dim the neighbouring source dims (but 1s) whose product it is; None if there is no such grouping."""
    if ZERO in source:
        return None
    left = [i for i, d in enumerate(source) if d != ONE]
    groups: list[tuple[int, ...]] = []
    for dim in target:
        group: list[int] = []
        size = ONE
        while size != dim:
            if not left:
                return None
            group.append(left.pop(0))
            size = size * source[group[-1]]
        groups.append(tuple(group))
    return None if left else tuple(groups)
