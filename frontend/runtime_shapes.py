"""Arguments that are known only when the model runs: normalised in tensors, then bound to symbols.

A bound symbol stands for a size, so it is never negative. What may be (targets with -1, starts from the end, axes, pads) is made
a size first, by graph ops on vectors of a few si64; what can't be one becomes -1, with which the run ends in an error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import IntegerType

from ..dialects import graph
from ..dialects.graph.base import i1, si64
from ..dialects.graph.dims import DimExpr, DimLike, product
from ..dialects.graph.types import Dims, static_shape
from .node import Node
from .shape_values import Known
from .terms import Term, concat, constant

INVALID = -1
"""An element that ends the run when it is bound."""

FAR = 1 << 60
"""More than any dim can be."""


# -- vectors ----------------------------------------------------------------------------------------------------------------


def vector(n: Node, index: int) -> Term:
    """An integer operand of static length as a vector of si64."""
    x = Term(n.build, n.x(index)).cast(si64)
    return x.reshape(product(x.dims))


def length(n: Node, index: int) -> int:
    """How many elements an operand has."""
    return int(np.prod(static_shape(n.tensor(index).type), dtype=np.int64))


def numbers(n: Node, values: Sequence[DimLike]) -> Term:
    """Dims as a vector of si64."""
    return Term(n.build, n.build.known(Known.of([DimExpr.of(v) for v in values], np.int64)).value())


def full(n: Node, count: int, value: int) -> Term:
    return constant(n, np.full(count, value, np.int64))


def bind(n: Node, *vectors: Term) -> list[Dims]:
    """The elements of some vectors as sizes, bound together."""
    symbols = n.bind(concat(vectors, 0).value)
    counts = [v.dims[0].value for v in vectors]
    ends = np.cumsum(counts).tolist()
    return [symbols[end - count : end] for end, count in zip(ends, counts, strict=True)]


def scatter(base: Term, at: Term, values: Term) -> Term:
    """A copy of a vector with elements at some positions (negative: from the end) replaced."""
    return Term(base.build, base.build.emit(graph.ScatterElementsOp(base.value, at.value, values.value, 0)))


def absolute(x: Term) -> Term:
    """|x| of 64-bit integers; of -2**63, which has none, the largest: as a step, both lead out of every range."""
    return x.maximum(-x.maximum(1 - (1 << 63)))


def clamp(x: Term, low: Term | int, high: Term | int) -> Term:
    return x.maximum(low).minimum(high)


# -- reshape ----------------------------------------------------------------------------------------------------------------


def reshape_target(n: Node, source: Dims, target: Term, allow_zero: bool) -> Dims:
    """The dims that a Reshape to a computed target asks for: 0 copies a dim (unless `allow_zero`), -1 is what is left."""
    rank = target.dims[0].value
    if not allow_zero:
        copied = [*source, *[DimExpr.of(INVALID - 1)] * rank][:rank]
        target = target.equal(0).select(numbers(n, copied), target)
    unknown = target.equal(-1)
    rest = unknown.select(target.like(1), target).reduce("prod", 0)
    left = numbers(n, [product(source)]) / rest.maximum(1)
    known = unknown.cast(si64).reduce("sum", 0) <= 1
    (dims,) = bind(n, known.select(unknown.select(left, target), INVALID))
    return dims


def kept(n: Node, dims: Term, dropped: Term, count: int) -> Term:
    """The elements of a vector where another one is 0, in order; there are `count`."""
    order = graph.TopKOp(dropped.value, count, 0, largest=False)
    n.emit(order)
    return dims.gather(Term(n.build, order.indices))


def squeezed_dims(n: Node, source: Dims, axes: Term) -> Dims:
    """The dims without those at computed axes, which must be 1."""
    dims, mask = numbers(n, source), axis_mask(n, axes, len(source))
    wrong = (mask.equal(1) & ~dims.equal(1)).cast(si64).reduce("max", 0)
    left = kept(n, dims, mask, len(source) - axes.dims[0].value)
    (found,) = bind(n, wrong.equal(1).select(left.like(INVALID), left))
    return found


def unsqueezed_dims(n: Node, source: Dims, axes: Term) -> Dims:
    """The dims with ones inserted, at computed axes of the result."""
    if not source:
        return (DimExpr.of(1),) * axes.dims[0].value
    mask = axis_mask(n, axes, len(source) + axes.dims[0].value)
    position = Term(n.build, n.emit(graph.CumsumOp((1 - mask).value, 0, exclusive=True))).minimum(len(source) - 1)
    (found,) = bind(n, mask.maximum((1 - mask) * numbers(n, source).gather(position)))
    return found


def axis_mask(n: Node, axes: Term, rank: int) -> Term:
    """1 at the axes, 0 elsewhere. An axis out of range ends the run."""
    return scatter(full(n, rank, 0), axes, full(n, axes.dims[0].value, 1))


# -- reductions -------------------------------------------------------------------------------------------------------------


def reduced_extents(n: Node, source: Dims, axes: Term, keepdims: bool) -> tuple[Dims, Dims, Dims]:
    """For a reduction over computed axes: what each dim keeps and what of it is reduced (one of both is 1); the result's dims."""
    rank = len(source)
    dims, mask = numbers(n, source), axis_mask(n, axes, rank)
    one = dims.like(1)
    stays, goes = mask.equal(1).select(one, dims), mask.equal(1).select(dims, one)
    if keepdims:
        outer, inner = bind(n, stays, goes)
        return outer, inner, outer
    outer, inner, result = bind(n, stays, goes, kept(n, dims, mask, rank - axes.dims[0].value))
    return outer, inner, result


# -- counts -----------------------------------------------------------------------------------------------------------------


def size(n: Node, index: int) -> DimExpr:
    """The one element of an operand, of any number type, as a size."""
    if n.tensor(index).known is not None:
        (found,) = n.known(index).dims()
    else:
        ((found,),) = bind(n, vector(n, index))
    return found


def range_count(n: Node, start: Term, limit: Term, delta: Term) -> DimExpr:
    """How many elements a range of computed bounds has; floats are divided in double precision, as onnxruntime does."""
    if isinstance(start.element, IntegerType):
        first, last, step = (t.cast(si64) for t in (start, limit, delta))
        count = ranged(first, last, step)
    else:
        first, last, step = (t.cast(np.float64) for t in (start, limit, delta))
        exact = ((last - first) / step).apply(graph.CeilOp)
        # Neither NaN nor what no memory holds is cast: the result of that is not defined.
        count = (exact < float(1 << 62)).select(exact.maximum(0), -1).cast(si64)
    ((found,),) = bind(n, count.reshape(1))
    return found


def ranged(start: Term, end: Term, step: Term) -> Term:
    """How many steps lead from start to before the end: none backwards, -1 for a step of 0 or a way that leaves 64 bits."""
    zero = step.like(0)
    ahead = ((step < 0) & (start > end)) | ((step > 0) & (start < end))
    span = (step < 0).select(start - end, end - start)
    count = (span > 0).select((span - 1) / absolute(step).maximum(1) + 1, step.like(INVALID))
    count = ahead.select(count, zero)
    return step.equal(0).select(step.like(INVALID), count)


# -- slices -----------------------------------------------------------------------------------------------------------------


def slice_bounds(n: Node, dims: Term, start: Term, end: Term, step: Term) -> tuple[Term, Term]:
    """First index and size of each range, bounds clamped as ONNX Slice says; a size of -1 for a step of 0."""
    zero, backwards = step.like(0), step < 0
    start = (start < 0).select(start + dims, start)
    end = (end < 0).select(end + dims, end)
    last = backwards.select(dims - 1, dims)
    start = clamp(start, zero, last)
    end = clamp(end, backwards.select(zero - 1, zero), last)
    size = ranged(start, end, step)
    return (size > 0).select(start, zero), size


def signed(magnitudes: Dims, negative: Dims) -> list[DimExpr]:
    """Magnitudes with the sign that 0 (plus) and 1 (minus) tell."""
    return [m * (1 - 2 * s) for m, s in zip(magnitudes, negative, strict=True)]


def padding(n: Node, dims: Sequence[DimExpr], low: Term, high: Term) -> tuple[list[DimExpr], list[DimExpr]]:
    """What is added before and after each dim, such that the padded dim is one symbol: their product stays short.

    Where both are larger than any dim, their sum must neither leave 64 bits, and come back as a size, nor cancel.
    """
    low, high = clamp(low, -2 * FAR, 2 * FAR), clamp(high, -FAR, FAR)
    sizes, plus, minus = bind(n, numbers(n, dims) + low + high, low.maximum(0), (-low).maximum(0))
    before = [p - m for p, m in zip(plus, minus, strict=True)]
    return before, [size - dim - b for size, dim, b in zip(sizes, dims, before, strict=True)]


def as_condition(x: Term) -> Term:
    """Whether elements are not 0 (a NaN is not)."""
    return x if x.element == i1 else ~x.equal(0)
