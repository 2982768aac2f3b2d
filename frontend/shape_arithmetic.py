"""Arithmetic, comparisons and casts on tensors whose elements are known at import: one row an op."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from .arguments import target_dtype
from .node import Node
from .shape_values import Known, Objects, Ratio, Scalar, UndecidedError

Evaluation: TypeAlias = Callable[[Node], Known | list[Known]]
OnDims: TypeAlias = Callable[[Node, DimExpr, DimExpr], Scalar]
OnRatios: TypeAlias = Callable[[Ratio, Ratio], Ratio]


def binary(concrete: Callable[[Any, Any], Any], on_dims: OnDims | None = None, on_ratios: OnRatios | None = None) -> Evaluation:
    """A broadcasting op of two or more operands: by numpy on numbers, element by element where symbols are among them."""

    def rule(n: Node) -> Known:
        if n.opset < 7:
            raise UndecidedError("legacy broadcasting")
        result = n.known(0)
        for index in range(1, len(n.inputs)):
            result = combine(n, result, n.known(index))
        return result

    def combine(n: Node, lhs: Known, rhs: Known) -> Known:
        if lhs.concrete and rhs.concrete:
            with np.errstate(all="ignore"):
                value = np.asarray(concrete(lhs.data, rhs.data))
            return Known(value, value.dtype)
        left, right = np.broadcast_arrays(lhs.objects, rhs.objects)
        values = [element(n, a, b) for a, b in zip(left.flat, right.flat, strict=True)]
        boolean = all(isinstance(v, bool) for v in values)
        return Known.of(values, np.bool_ if boolean else lhs.dtype, left.shape)

    def element(n: Node, lhs: Scalar, rhs: Scalar) -> Scalar:
        if isinstance(lhs, bool) or isinstance(rhs, bool):
            raise UndecidedError("symbols mixed with booleans")
        if isinstance(lhs, Ratio | float) or isinstance(rhs, Ratio | float):
            if on_ratios is None:
                raise UndecidedError(f"{n.op} of ratios")
            return on_ratios(Ratio.of(lhs), Ratio.of(rhs))
        if on_dims is None:
            raise UndecidedError(f"{n.op} of symbols")
        return on_dims(n, DimExpr.of(lhs), DimExpr.of(rhs))

    return rule


def unary(concrete: Callable[[Any], Any], on_ratio: Callable[[Ratio], Ratio] | None = None) -> Evaluation:
    """An op of one operand; integers and dims pass through `on_ratio` as ratios by 1."""

    def rule(n: Node) -> Known:
        x = n.known()
        if x.concrete:
            with np.errstate(all="ignore"):
                return Known(np.asarray(concrete(x.data)).astype(x.dtype), x.dtype)
        if on_ratio is None:
            raise UndecidedError(f"{n.op} of a symbol")
        return Known.of([like(v, on_ratio(Ratio.of(v))) for v in x.data.flat], x.dtype, x.data.shape)

    def like(before: Scalar, after: Ratio) -> Scalar:
        return after if isinstance(before, Ratio | float) else after.dim

    return rule


# -- the symbolic halves --------------------------------------------------------------------------------------------------


def _divide(n: Node, lhs: DimExpr, rhs: DimExpr) -> Scalar:
    """Integer division truncates; that is floor where neither side is negative."""
    _require_natural(n, lhs, rhs)
    return lhs // rhs


def _modulo(n: Node, lhs: DimExpr, rhs: DimExpr) -> Scalar:
    _require_natural(n, lhs, rhs)
    return lhs % rhs


def _require_natural(n: Node, lhs: DimExpr, rhs: DimExpr) -> None:
    known = n.build.assumptions
    if not known.non_negative(rhs - 1) or not known.non_negative(lhs):
        raise UndecidedError("division of or by what may be negative")


def _divide_ratios(lhs: Ratio, rhs: Ratio) -> Ratio:
    if not rhs.dim.is_static or rhs.dim.value <= 0:
        raise UndecidedError("division by a symbol")
    return Ratio(lhs.dim * rhs.by, lhs.by * rhs.dim.value)


def _maximum(n: Node, lhs: DimExpr, rhs: DimExpr) -> Scalar:
    if n.build.assumptions.non_negative(lhs - rhs):
        return lhs
    return rhs if n.build.assumptions.non_negative(rhs - lhs) else lhs.max(rhs)


def _minimum(n: Node, lhs: DimExpr, rhs: DimExpr) -> Scalar:
    if n.build.assumptions.non_negative(rhs - lhs):
        return lhs
    return rhs if n.build.assumptions.non_negative(lhs - rhs) else lhs.min(rhs)


def _compare(holds: Callable[[Any, Any], Any]) -> Evaluation:
    return binary(holds, lambda n, a, b: bool(holds(n.build.assumptions.sign(a - b), 0)))


# -- the halves on numbers ------------------------------------------------------------------------------------------------


def _truncate(lhs: Objects, rhs: Objects) -> Objects:
    if lhs.dtype.kind == "f":
        return lhs / rhs
    if not np.all(rhs):
        raise UndecidedError("division by zero")
    quotient = np.abs(lhs) // np.abs(rhs)
    return np.where((lhs < 0) != (rhs < 0), -quotient, quotient).astype(lhs.dtype)


def _remainder(lhs: Objects, rhs: Objects) -> Objects:
    if not np.all(rhs):
        raise UndecidedError("division by zero")
    return np.mod(lhs, rhs)


# -- casts ----------------------------------------------------------------------------------------------------------------


def cast(n: Node) -> Known:
    """Symbols become exact ratios in floats, and (truncated) integers again in integers."""
    like = n.op == "CastLike"
    dtype = numpy_dtype(n.element(1)) if like else target_dtype(n)
    if dtype.kind not in "iufb":
        raise UndecidedError(f"cast to {dtype}")
    x = n.known()
    if x.concrete:
        with np.errstate(all="ignore"):
            return Known(x.data.astype(dtype), dtype)
    return Known.of([_cast(n, v, dtype.kind) for v in x.data.flat], dtype, x.data.shape)


def _cast(n: Node, value: Scalar, kind: str) -> Scalar:
    ratio = Ratio.of(value)
    if kind == "b":
        return n.build.assumptions.sign(ratio.dim) != 0
    return ratio if kind == "f" else ratio.dim // ratio.by


ARITHMETIC: dict[str, Evaluation] = {
    "Cast": cast,
    "CastLike": cast,
    "Add": binary(operator.add, lambda n, a, b: a + b, lambda a, b: Ratio(a.dim * b.by + b.dim * a.by, a.by * b.by)),
    "Sub": binary(operator.sub, lambda n, a, b: a - b, lambda a, b: Ratio(a.dim * b.by - b.dim * a.by, a.by * b.by)),
    "Mul": binary(operator.mul, lambda n, a, b: a * b, lambda a, b: Ratio(a.dim * b.dim, a.by * b.by)),
    "Div": binary(_truncate, _divide, _divide_ratios),
    "Mod": binary(_remainder, _modulo),
    "Max": binary(np.maximum, _maximum),
    "Min": binary(np.minimum, _minimum),
    "Equal": _compare(operator.eq),
    "Less": _compare(operator.lt),
    "LessOrEqual": _compare(operator.le),
    "Greater": _compare(operator.gt),
    "GreaterOrEqual": _compare(operator.ge),
    "And": binary(np.logical_and),
    "Or": binary(np.logical_or),
    "Xor": binary(np.logical_xor),
    "Not": unary(np.logical_not),
    "Neg": unary(operator.neg, lambda r: Ratio(-r.dim, r.by)),
    "Abs": unary(np.abs),
    "Sqrt": unary(np.sqrt),
    "Floor": unary(np.floor, lambda r: Ratio(r.dim // r.by)),
    "Ceil": unary(np.ceil, lambda r: Ratio(r.dim.ceildiv(r.by))),
}
