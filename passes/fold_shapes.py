"""fold-shapes: computes on shapes at compile time, as far as symbolic dims allow (F4).

`graph.shape` becomes `graph.dims`, and integer ops on `graph.dims` and small constants become `graph.dims` again, or a constant
where no symbol is left. The importer has done most of this; what other passes expose (inlined branches, pinned shapes,
decompositions) is done here. Dims are 0 or more; what can't be decided from that alone stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import flag, integer, ints, si64
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import is_integer
from ..dialects.graph.types import dims_of, element_of, is_anonymous, is_static, static_shape, tensor
from .constants import array_of, inline_constant
from .driver import AnyPattern, Pattern, PatternPass, Rewriter

MAX_ELEMENTS = 64
"""Tensors with more elements aren't shapes."""

Symbols = NDArray[Any]
"""An array of DimExpr (or of bool, for comparisons)."""


class Undecided(Exception):
    """The value depends on what the symbols stand for."""


# -- values ---------------------------------------------------------------------------------------------------------------


def symbols_of(value: SSAValue, rewriter: Rewriter) -> Symbols:
    """The elements of an integer tensor made of `graph.dims` (perhaps cast or reshaped) or constant; Undecided otherwise."""
    owner = value.owner
    if isinstance(owner, graph.DimsOp):
        return _objects(owner.value.data, () if flag(owner.scalar) else (len(owner.value.data),))
    if isinstance(owner, (graph.CastOp, graph.ReshapeOp)) and is_static(value) and is_integer(element_of(value)):
        return symbols_of(owner.x, rewriter).reshape(static_shape(value))
    array = array_of(value, rewriter.session.weights) if is_integer(element_of(value)) else None
    if array is None or array.size > MAX_ELEMENTS:
        raise Undecided
    return _objects([DimExpr.of(int(v)) for v in array.flat], array.shape)


def _objects(values: Sequence[Any], shape: Sequence[int]) -> Symbols:
    result = np.empty(len(values), object)
    result[:] = list(values)
    return result.reshape(tuple(shape))


def is_symbolic(value: SSAValue) -> bool:
    """Whether `graph.dims` is behind the value, at most cast and reshaped."""
    owner = value.owner
    while isinstance(owner, (graph.CastOp, graph.ReshapeOp)):
        owner = owner.x.owner
    return isinstance(owner, graph.DimsOp)


def materialize(values: Symbols, result: SSAValue) -> list[Operation] | None:
    """Ops that make these elements in the type of `result`, the last one giving it; None if there is no form for them."""
    dtype = numpy_dtype(element_of(result))
    flat = list(values.flat)
    if all(isinstance(v, bool) or v.is_static for v in flat):
        numbers = [v if isinstance(v, bool) else v.value for v in flat]
        return [inline_constant(np.array(numbers, np.int64).astype(dtype).reshape(values.shape))]
    if not is_integer(element_of(result)):
        return None
    ops: list[Operation] = [graph.DimsOp(flat, scalar=values.ndim == 0)]
    if values.ndim > 1:
        ops.append(graph.ReshapeOp(ops[-1], tensor(si64, values.shape)))
    if element_of(result) != si64:
        ops.append(graph.CastOp(ops[-1], element_of(result)))
    return ops


# -- rules ----------------------------------------------------------------------------------------------------------------


def is_natural(expression: DimExpr) -> bool:
    """Whether the expression can't be negative, its symbols being 0 or more; False where that isn't obvious."""
    return all(c >= 0 and all(all(map(is_natural, a.args)) for a, _ in mono) for mono, c in expression.terms)


def sign(expression: DimExpr) -> int:
    """-1, 0 or 1; Undecided where it depends on the symbols."""
    if expression.is_static:
        return int(np.sign(expression.value))
    if is_natural(expression - 1):
        return 1
    if is_natural(-expression - 1):
        return -1
    raise Undecided


def _quotient(lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    """Integer division truncates, which is floor for naturals."""
    if sign(rhs) <= 0 or not is_natural(lhs):
        raise Undecided
    return lhs // rhs


def _remainder(lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    if sign(rhs) <= 0 or not is_natural(lhs):
        raise Undecided
    return lhs % rhs


def _larger(lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    try:
        return lhs if sign(lhs - rhs) >= 0 else rhs
    except Undecided:
        return lhs.max(rhs)


def _smaller(lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    try:
        return lhs if sign(lhs - rhs) <= 0 else rhs
    except Undecided:
        return lhs.min(rhs)


Binary = Callable[[DimExpr, DimExpr], Any]
COMBINE: dict[str, Binary] = {"sum": DimExpr.__add__, "prod": DimExpr.__mul__, "max": _larger, "min": _smaller}


def _reduce(op: graph.ReduceOp, x: Symbols) -> Symbols:
    combine = COMBINE.get(op.kind.data)
    if combine is None or x.ndim != 1 or ints(op.axes) != (0,) or not x.size:
        raise Undecided
    return _objects([reduce(combine, x)], static_shape(op.result))


def _slice(op: graph.SliceOp, x: Symbols) -> Symbols:
    numbers = (*op.starts.data, *op.steps.data)
    if not all(n.is_static for n in numbers):
        raise Undecided
    picks = zip(op.starts.data, op.steps.data, static_shape(op.result), strict=True)
    return x[np.ix_(*(start.value + step.value * np.arange(size) for start, step, size in picks))]


def _index(value: Symbols) -> NDArray[np.int64]:
    if not all(v.is_static for v in value.flat):
        raise Undecided
    return np.array([v.value for v in value.flat], np.int64).reshape(value.shape)


BINARY: dict[type[Operation], Binary] = {
    graph.AddOp: lambda a, b: a + b,
    graph.SubOp: lambda a, b: a - b,
    graph.MulOp: lambda a, b: a * b,
    graph.DivOp: _quotient,
    graph.ModOp: _remainder,
    graph.MaxOp: _larger,
    graph.MinOp: _smaller,
    graph.EqualOp: lambda a, b: sign(a - b) == 0,
    graph.LessOp: lambda a, b: sign(a - b) < 0,
    graph.LessEqualOp: lambda a, b: sign(a - b) <= 0,
    graph.GreaterOp: lambda a, b: sign(a - b) > 0,
    graph.GreaterEqualOp: lambda a, b: sign(a - b) >= 0,
}


def _binary(apply: Binary, lhs: Symbols, rhs: Symbols) -> Symbols:
    left, right = np.broadcast_arrays(lhs, rhs)
    return _objects([apply(a, b) for a, b in zip(left.flat, right.flat, strict=True)], left.shape)


Rule = Callable[[Any, list[Symbols]], Symbols]
RULES: dict[type[Operation], Rule] = {
    graph.GatherOp: lambda op, a: np.asarray(np.take(a[0], _index(a[1]), integer(op.axis))),
    graph.SliceOp: lambda op, a: _slice(op, *a),
    graph.ConcatOp: lambda op, a: np.concatenate(a, integer(op.axis)),
    graph.TransposeOp: lambda op, a: np.transpose(a[0], ints(op.perm)),
    graph.BroadcastOp: lambda op, a: np.broadcast_to(a[0], static_shape(op.result)),
    graph.NegOp: lambda op, a: -a[0],
    graph.ReduceOp: lambda op, a: _reduce(op, *a),
    **{kind: lambda op, a, f=f: _binary(f, *a) for kind, f in BINARY.items()},
}


# -- patterns -------------------------------------------------------------------------------------------------------------


class FoldShape(Pattern[graph.ShapeOp]):
    """shape(x: tensor<[n, 3]>) -> dims [n, 3]; guard: every dim has a name."""

    def rewrite(self, op: graph.ShapeOp, rewriter: Rewriter) -> bool:
        dims = dims_of(op.x)
        if any(is_anonymous(d) for d in dims):
            return False
        return _replace(op, _objects(dims, (len(dims),)), rewriter)


class FoldShapeArithmetic(Pattern[graph.GraphOp]):
    """op(dims, constants) -> dims; guard: small static integer tensors, a decided result."""

    roots = tuple(RULES)

    def rewrite(self, op: graph.GraphOp, rewriter: Rewriter) -> bool:
        if not any(map(is_symbolic, op.operands)) or not is_static(op.results[0]):
            return False
        try:
            values = RULES[type(op)](op, [symbols_of(o, rewriter) for o in op.operands])
        except (Undecided, IndexError):
            return False
        return _replace(op, values, rewriter)


class FoldShapeChoice(Pattern[graph.WhereOp]):
    """where(constant, dims, dims) -> dims"""

    def rewrite(self, op: graph.WhereOp, rewriter: Rewriter) -> bool:
        condition = array_of(op.condition, rewriter.session.weights)
        if condition is None or not (is_symbolic(op.lhs) or is_symbolic(op.rhs)):
            return False
        try:
            sides = [symbols_of(o, rewriter) for o in (op.lhs, op.rhs)]
        except Undecided:
            return False
        return _replace(op, np.where(condition, *sides), rewriter)


class FoldShapeCast(Pattern[graph.CastOp | graph.ReshapeOp]):
    """cast or reshape of dims -> constant where no symbol is left, dims where they have that form already"""

    def rewrite(self, op: graph.CastOp | graph.ReshapeOp, rewriter: Rewriter) -> bool:
        if not is_symbolic(op.x) or not is_integer(element_of(op.result)) or not is_static(op.result):
            return False
        values = symbols_of(op.result, rewriter)
        plain = element_of(op.result) == si64 and values.ndim <= 1
        if not plain and not all(v.is_static for v in values.flat):
            return False
        return _replace(op, values, rewriter)


def _replace(op: graph.GraphOp, values: Symbols, rewriter: Rewriter) -> bool:
    if values.size > MAX_ELEMENTS or values.shape != static_shape(op.results[0]):
        return False
    ops = materialize(values, op.results[0])
    if ops is None:
        return False
    for new in ops:
        rewriter.insert(new)
    rewriter.replace(op, ops[-1])
    return True


FOLD_SHAPES: tuple[AnyPattern, ...] = (FoldShape(), FoldShapeArithmetic(), FoldShapeChoice(), FoldShapeCast())


@dataclass(frozen=True)
class FoldShapesPass(PatternPass):
    """Compute on shapes at compile time."""

    name = "fold-shapes"
    patterns = FOLD_SHAPES
