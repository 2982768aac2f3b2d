"""F2, F4 for indices and comparisons that count: a gather of 0, 1, 2, ... is a slice, a mask of positions may be known.

Exporters look up position embeddings and attention masks through index tensors that they build from ranges of the dims.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, rank_of, tensor, tensor_type
from ...runtime.weights import WeightStore
from ..affine_values import Count, count_in, count_of, is_at_least_zero
from ..constants import array_of, inline_constant
from ..driver import AnyPattern, Pattern, Rewriter, producer

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


class GatherOfCount(Pattern[graph.GatherOp]):
    """gather(x, [a, a + s, ...]) -> slice(x); guard: the indices vary along one dim and are known to be inside of x"""

    def rewrite(self, op: graph.GatherOp, rewriter: Rewriter) -> bool:
        count, axis = count_of(op.indices, rewriter.session.weights), integer(op.axis)
        if count is None or any(d != ONE for i, d in enumerate(dims_of(op.indices)) if i != count.axis):
            return False
        low, high = count.range(op.indices)
        dim = dims_of(op.x)[axis]
        if not (is_at_least_zero(low, op) and is_at_least_zero(dim - 1 - high, op)):
            return False
        dims = dims_of(op.x)
        length = ONE if count.axis is None else dims_of(op.indices)[count.axis]
        sizes = [length if i == axis else d for i, d in enumerate(dims)]
        starts = [count.start if i == axis else ZERO for i in range(len(dims))]
        steps = [DimExpr.of(count.step or 1) if i == axis else ONE for i in range(len(dims))]
        part = rewriter.insert(graph.SliceOp(op.x, starts, tensor(element_of(op.x), sizes), steps))
        rewriter.replace(op, graph.ReshapeOp(part, tensor_type(op.result)))
        return True


class GatherOfGrid(Pattern[graph.GatherNdOp]):
    """gather_nd(x, all index tuples of x in order) -> reshape(x), broadcast where a dim of the indices has no part in them"""

    def rewrite(self, op: graph.GatherNdOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        columns = _columns(op.indices, store)
        outer = dims_of(op.indices)[:-1]
        if columns is None or integer(op.batch_dims) != 0:
            return False
        places: list[int] = []
        for depth, column in enumerate(columns):
            dim = dims_of(op.x)[depth]
            if column is None or column.start != ZERO or (column.axis is None and dim != ONE):
                return False
            if column.axis is not None and (column.step != 1 or outer[column.axis] != dim):
                return False
            places.append(-1 if column.axis is None else column.axis)
        real = [p for p in places if p >= 0]
        if real != sorted(set(real)):
            return False
        kept = [d if i in real else ONE for i, d in enumerate(outer)]
        rest = dims_of(op.x)[len(columns) :]
        spread = rewriter.insert(graph.ReshapeOp(op.x, tensor(element_of(op.x), [*kept, *rest])))
        rewriter.replace(op, graph.BroadcastOp(spread, tensor_type(op.result)))
        return True


def _columns(indices: SSAValue, store: WeightStore) -> list[Count | None] | None:
    """How each element of the index tuples (the last dim) counts along the dims before it."""
    last = rank_of(indices) - 1
    concat = producer(indices, graph.ConcatOp)
    if concat is not None:
        single = integer(concat.axis) == last and all(dims_of(x)[last] == ONE for x in concat.xs)
        return [count_of(x, store) for x in concat.xs] if single else None
    if dims_of(indices)[last] == ONE:
        return [count_of(indices, store)]
    return _constant_columns(indices, store)


def _constant_columns(indices: SSAValue, store: WeightStore) -> list[Count | None] | None:
    array = array_of(indices, store)
    return None if array is None else [count_in(array[..., i]) for i in range(array.shape[-1])]


Bounds = tuple[DimExpr, DimExpr]
Decision = Callable[[Bounds, Bounds, Operation], bool]


def _never_above(lhs: Bounds, rhs: Bounds, op: Operation) -> bool:
    return is_at_least_zero(rhs[0] - lhs[1], op)


def _always_below(lhs: Bounds, rhs: Bounds, op: Operation) -> bool:
    return is_at_least_zero(rhs[0] - lhs[1] - 1, op)


DECIDED: dict[type[Operation], tuple[Decision, Decision]] = {
    graph.LessOp: (_always_below, lambda a, b, op: _never_above(b, a, op)),
    graph.LessEqualOp: (_never_above, lambda a, b, op: _always_below(b, a, op)),
    graph.GreaterOp: (lambda a, b, op: _always_below(b, a, op), _never_above),
    graph.GreaterEqualOp: (lambda a, b, op: _never_above(b, a, op), _always_below),
}
"""When a comparison of two ranges holds for all elements, and when for none."""


class CompareCounts(Pattern[graph.LessOp | graph.LessEqualOp | graph.GreaterOp | graph.GreaterEqualOp]):
    """less_equal([0, 1, .., n - 1], n) -> true; guard: decided for all elements alike"""

    def rewrite(self, op: graph.LessOp | graph.LessEqualOp | graph.GreaterOp | graph.GreaterEqualOp, rewriter: Rewriter) -> bool:
        lhs, rhs = (count_of(o, rewriter.session.weights) for o in (op.lhs, op.rhs))
        if lhs is None or rhs is None:
            return False
        ranges = lhs.range(op.lhs), rhs.range(op.rhs)
        holds, fails = (decide(*ranges, op) for decide in DECIDED[type(op)])
        if not (holds or fails):
            return False
        known = rewriter.insert(inline_constant(np.array(holds)))
        rewriter.replace(op, graph.BroadcastOp(known, tensor_type(op.result)))
        return True


COUNTING: tuple[AnyPattern, ...] = (GatherOfCount(), GatherOfGrid(), CompareCounts())
