"""Parts of tensors: slice and split."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis, si64
from ...dialects.graph.dims import DimExpr, exact_quotient
from ...dialects.graph.types import dims_of, element_of, tensor
from ..arguments import SLICE_END, runtime_axes, slice_ranges
from ..node import Node
from ..registry import op
from ..runtime_shapes import absolute, bind, full, length, numbers, scatter, signed, slice_bounds, vector
from ..shape_values import is_non_negative
from ..terms import Term

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


@op("Slice")
def slice_(n: Node) -> SSAValue:
    if n.opset >= 10 and any(n.is_runtime(i) for i in range(1, len(n.inputs)) if n.has(i)):
        return _slice_computed(n)
    dims = list(n.shape())
    starts, steps, sizes = [ZERO] * len(dims), [ONE] * len(dims), list(dims)
    for axis, start, end, step in slice_ranges(n):
        starts[axis], sizes[axis] = _resolve_range(n, dims[axis], start, end, step)
        steps[axis] = DimExpr.of(step)
    return cut(n, n.x(), starts, sizes, steps)


def _slice_computed(n: Node) -> SSAValue:
    """A slice whose bounds, axes or steps are known only when the model runs."""
    dims, count = n.shape(), length(n, 1)
    if not count:
        return n.x()
    start, end = vector(n, 1), vector(n, 2)
    computed = runtime_axes(n, since=10, index=3)
    axes = list(range(len(dims)))
    if computed is None:
        axes = [normalize_axis(a, len(dims)) for a in n.values(3)] if n.has(3) else axes[:count]
    if len({length(n, i) for i in range(1, len(n.inputs)) if n.has(i)}) > 1 or len(axes) < count:
        raise ValueError("starts, ends, axes and steps differ in length")
    size = numbers(n, [dims[a] for a in axes])
    step = vector(n, 4) if n.has(4) else full(n, count, 1)
    if computed is not None:
        start, end = scatter(size.like(0) * size, computed, start), scatter(size, computed, end)
        step = scatter(full(n, len(dims), 1), computed, step)
    start, extent = slice_bounds(n, size, start, end, step)
    return _cut_axes(n, axes, start, extent, step)


def _cut_axes(n: Node, axes: Sequence[int], start: Term, extent: Term, step: Term) -> SSAValue:
    """The slice along some axes; steps that are known stay numbers."""
    if not n.has(4):
        (first, size), strides = bind(n, start, extent), [ONE] * len(axes)
    elif n.is_runtime(4) or (n.has(3) and n.is_runtime(3)):
        first, size, magnitude, minus = bind(n, start, extent, absolute(step), (step < 0).cast(si64))
        strides = signed(magnitude, minus)
    else:
        (first, size), strides = bind(n, start, extent), list(n.dims(4))
    starts, sizes, steps = [ZERO] * n.rank(), list(n.shape()), [ONE] * n.rank()
    for position, axis in enumerate(axes):
        starts[axis], sizes[axis], steps[axis] = first[position], size[position], strides[position]
    return cut(n, n.x(), starts, sizes, steps)


def cut(n: Node, x: SSAValue, starts: Sequence[DimExpr], sizes: Sequence[DimExpr], steps: Sequence[DimExpr]) -> SSAValue:
    """A slice, unless it is all of x."""
    if tuple(sizes) == dims_of(x) and all(s == ONE for s in steps):
        return x
    return n.emit(graph.SliceOp(x, starts, tensor(element_of(x), sizes), steps))


def _resolve_range(n: Node, dim: DimExpr, start: DimExpr, end: DimExpr, step: int) -> tuple[DimExpr, DimExpr]:
    """(start, size) of a range; bounds are clamped as in Python, symbolic ones assumed to lie within the dim."""
    if step == 0:
        raise ValueError("a step is 0")
    backwards = step < 0
    first = _clamp(n, dim, start, last=dim - 1 if backwards else dim)
    stop = _clamp(n, dim, end, last=dim - 1 if backwards else dim, below=-1 if backwards else 0)
    span = first - stop if backwards else stop - first
    if span.is_static:
        span = DimExpr.of(max(0, span.value))
    size = span.ceildiv(abs(step))
    n.need(size)
    return (ZERO if size == ZERO else first), size


def _clamp(n: Node, dim: DimExpr, index: DimExpr, last: DimExpr, below: int = 0) -> DimExpr:
    """An index (negative: from the end) in [below, last]."""
    if index.is_static and index.value >= SLICE_END - 1:
        return last
    if index.is_static and index.value < 0:
        index = DimExpr.of(below) if index.value <= 1 - SLICE_END else index + dim
    if index.is_static and last.is_static:
        return DimExpr.of(min(max(index.value, below), last.value))
    if is_non_negative(index - last):
        return last
    n.need(index - below)
    n.need(last - index)
    return index


@op("Split")
def split(n: Node) -> list[SSAValue]:
    """Sizes are an attribute (or equal) before opset 13, and could be an operand in opset 1."""
    dims, outputs = n.shape(), len(n.proto.output)
    axis = normalize_axis(n.int_attr("axis", 0), len(dims))
    if (n.opset >= 13 or n.opset < 2) and n.has(1):
        sizes = list(n.dims(1))
    elif "split" in n.attributes:
        sizes = [DimExpr.of(s) for s in n.ints_attr("split")]
    else:
        sizes = _even_parts(n, dims[axis], n.int_attr("num_outputs", outputs))
    if len(sizes) != outputs:
        raise ValueError(f"{len(sizes)} sizes for {outputs} outputs")
    return pieces(n, n.x(), axis, sizes)


def _even_parts(n: Node, dim: DimExpr, parts: int) -> list[DimExpr]:
    """Equal sizes; the last one is smaller where the dim doesn't divide."""
    each = exact_quotient(dim, DimExpr.of(parts))
    if each is None:
        each = dim.ceildiv(parts)
        n.need(dim - each * (parts - 1))
    return [each] * (parts - 1) + [dim - each * (parts - 1)]


def pieces(n: Node, x: SSAValue, axis: int, sizes: Sequence[DimExpr]) -> list[SSAValue]:
    """Consecutive slices of these sizes, which add up to the dim."""
    dims = dims_of(x)
    rest = dims[axis] - sum(sizes, ZERO)
    if rest.is_static and rest != ZERO:
        raise ValueError(f"sizes [{', '.join(map(str, sizes))}] do not add up to {dims[axis]}")
    n.build.assumptions.need_equal(rest, ZERO)
    found: list[SSAValue] = []
    start = ZERO
    for size in sizes:
        n.need(size)
        starts = [start if i == axis else ZERO for i in range(len(dims))]
        shape = [size if i == axis else d for i, d in enumerate(dims)]
        found.append(cut(n, x, starts, shape, [ONE] * len(dims)))
        start = start + size
    return found
