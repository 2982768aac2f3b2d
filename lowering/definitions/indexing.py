"""Elements of gathers, scatters and one-hot. An index outside its dim fails the kernel, and nothing is read there."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer
from ...dialects.graph.types import dims_of
from ..builder import Index
from ..values import Value
from .definer import Definer, Indices

COMBINE: dict[str, Callable[[Value, Value], Value]] = {
    "none": lambda old, new: new,
    "add": lambda old, new: old + new,
    "mul": lambda old, new: old * new,
    "max": lambda old, new: old.maximum(new),
    "min": lambda old, new: old.minimum(new),
}


def gather(d: Definer, op: graph.GatherOp, at: Indices) -> Value:
    axis, rank = integer(op.axis), len(dims_of(op.indices))
    size = d.dims(op.x)[axis]
    position = d.wrapped(d.element(op.indices, at[axis : axis + rank]), size)
    source = [*at[:axis], position, *at[axis + rank :]]
    return d.checked([(position, size)], lambda: d.element(op.x, source), op.x)


def gather_elements(d: Definer, op: graph.GatherElementsOp, at: Indices) -> Value:
    axis, sizes = integer(op.axis), d.dims(op.x)
    position = d.wrapped(d.element(op.indices, at), sizes[axis])
    source = [*at[:axis], position, *at[axis + 1 :]]
    # The other dims of indices may not be larger than those of x either.
    return d.checked(list(zip(source, sizes, strict=True)), lambda: d.element(op.x, source), op.x)


def gather_nd(d: Definer, op: graph.GatherNdOp, at: Indices) -> Value:
    batch, dims, sizes = integer(op.batch_dims), dims_of(op.indices), d.dims(op.x)
    outer, depth = len(dims) - 1, dims[-1].value
    tuple_ = [d.wrapped(d.element(op.indices, [*at[:outer], k]), sizes[batch + k]) for k in range(depth)]
    source = [*at[:batch], *tuple_, *at[outer:]]
    return d.checked(list(zip(tuple_, sizes[batch:], strict=False)), lambda: d.element(op.x, source), op.x)


def scatter_elements(d: Definer, op: graph.ScatterElementsOp, at: Indices) -> Value:
    axis, sizes = integer(op.axis), d.dims(op.x)

    def target(where: Indices) -> list[tuple[Index, Index]]:
        position = d.wrapped(d.element(op.indices, where), sizes[axis])
        return list(zip([*where[:axis], position, *where[axis + 1 :]], sizes, strict=True))

    return _scatter(d, op, at, d.dims(op.indices), target, [])


def scatter_nd(d: Definer, op: graph.ScatterNdOp, at: Indices) -> Value:
    dims, sizes = dims_of(op.indices), d.dims(op.x)
    depth = dims[-1].value

    def target(where: Indices) -> list[tuple[Index, Index]]:
        return [(d.wrapped(d.element(op.indices, [*where, k]), sizes[k]), sizes[k]) for k in range(depth)]

    return _scatter(d, op, at, d.dims(op.indices)[:-1], target, at[depth:])


def _scatter(
    d: Definer,
    op: graph.ScatterElementsOp | graph.ScatterNdOp,
    at: Indices,
    extents: list[Index],
    target: Callable[[Indices], list[tuple[Index, Index]]],
    rest: Indices,
) -> Value:
    """The element of x, met by every update whose target it is, in order."""
    combine = COMBINE[op.reduction.data]

    def meet(where: tuple[Index, ...], carried: list[Value]) -> list[Value]:
        positions = target(where)
        # `checked` fails the kernel; a target that is inside either is this element or is not.
        (old,) = carried
        inside = d.all([d.inside(p, s) for p, s in positions])
        same = d.all([d.b.cmp("eq", p, i) for (p, _), i in zip(positions, at, strict=False)])
        if inside is not None:
            d.b.if_(inside, lambda: None, d.frame.fail)
        if same is None:
            return [combine(old, d.element(op.updates, [*where, *rest]))]
        return [d.when(same, lambda: combine(old, d.element(op.updates, [*where, *rest])), lambda: old, op.x)]

    return d.fold(extents, [d.element(op.x, at)], meet)[0]


def one_hot(d: Definer, op: graph.OneHotOp, at: Indices) -> Value:
    axis = integer(op.axis)
    size = d.dims(op.result)[axis]
    position = d.wrapped(d.element(op.indices, [*at[:axis], *at[axis + 1 :]]), size)
    hot = d.b.cmp("eq", position, at[axis])
    return _choose(d, hot, op.values)


def _choose(d: Definer, hot: SSAValue, values: SSAValue) -> Value:
    return d.element(values, [d.b.select(hot, 1, 0)])
