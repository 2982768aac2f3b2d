"""Elementwise arithmetic, logic and casts."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from xdsl.dialects.builtin import IntegerType, Signedness, f32
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import i1, normalize_axis
from ...dialects.graph.dtypes import is_small_float
from ...dialects.graph.elementwise import is_float, is_integer
from ...dialects.graph.types import dims_of, element_of, rank_of
from ..node import Node
from ..registry import op
from ..values import Value

_UNARY: dict[str, type[graph.UnaryOp]] = {
    "Abs": graph.AbsOp,
    "Acos": graph.AcosOp,
    "Acosh": graph.AcoshOp,
    "Asin": graph.AsinOp,
    "Asinh": graph.AsinhOp,
    "Atan": graph.AtanOp,
    "Atanh": graph.AtanhOp,
    "BitwiseNot": graph.BitwiseNotOp,
    "Ceil": graph.CeilOp,
    "Cos": graph.CosOp,
    "Cosh": graph.CoshOp,
    "Erf": graph.ErfOp,
    "Exp": graph.ExpOp,
    "Floor": graph.FloorOp,
    "Log": graph.LogOp,
    "Neg": graph.NegOp,
    "Not": graph.NotOp,
    "Reciprocal": graph.ReciprocalOp,
    "Round": graph.RoundOp,
    "Sign": graph.SignOp,
    "Sin": graph.SinOp,
    "Sinh": graph.SinhOp,
    "Sqrt": graph.SqrtOp,
    "Tan": graph.TanOp,
    "Tanh": graph.TanhOp,
}

_BINARY: dict[str, type[graph.BinaryOp]] = {
    "Add": graph.AddOp,
    "And": graph.AndOp,
    "BitwiseAnd": graph.BitwiseAndOp,
    "BitwiseOr": graph.BitwiseOrOp,
    "BitwiseXor": graph.BitwiseXorOp,
    "Div": graph.DivOp,
    "Equal": graph.EqualOp,
    "Greater": graph.GreaterOp,
    "GreaterOrEqual": graph.GreaterEqualOp,
    "Less": graph.LessOp,
    "LessOrEqual": graph.LessEqualOp,
    "Mul": graph.MulOp,
    "Or": graph.OrOp,
    "Sub": graph.SubOp,
    "Xor": graph.XorOp,
}

_VARIADIC: dict[str, type[graph.BinaryOp]] = {"Max": graph.MaxOp, "Min": graph.MinOp, "Sum": graph.AddOp, "Mean": graph.AddOp}


@op(*_UNARY)
def unary(n: Node) -> SSAValue:
    return n.emit(_UNARY[n.op](n.x()))


@op("Identity")
def identity(n: Node) -> list[Value | None]:
    """The value itself, a sequence as well."""
    return [n.inputs[0]]


@op(*_BINARY)
def binary(n: Node) -> SSAValue:
    return n.emit(_BINARY[n.op](*n.build.pair(n.x(0), second(n))))


def second(n: Node) -> SSAValue:
    """The second operand; before opset 7 its dims stand at `axis` of the first one's and broadcast only where asked to."""
    rhs = n.x(1)
    if n.opset >= 7 or not n.int_attr("broadcast", 0):
        return rhs
    rank, own = n.rank(0), rank_of(rhs)
    if own == 0:
        return rhs
    axis = normalize_axis(n.int_attr("axis", rank - own), rank)
    trailing = rank - axis - own
    return n.build.reshape(rhs, (*dims_of(rhs), *[1] * trailing)) if trailing > 0 else rhs


@op(*_VARIADIC)
def variadic(n: Node) -> SSAValue:
    """A chain of binary ops; for Mean, divided by their number."""
    xs = n.xs()
    total = reduce(lambda a, b: n.emit(_VARIADIC[n.op](*n.build.pair(a, b))), xs)
    if n.op != "Mean" or len(xs) == 1:
        return total
    return n.emit(graph.DivOp(total, n.build.scalar(len(xs), total)))


@op("Pow")
def pow_(n: Node) -> SSAValue:
    """The exponent may be of another type; the result has the type of the base."""
    base, exponent = n.build.pair(n.x(0), second(n))
    element, other = element_of(base), element_of(exponent)
    if is_integer(element) and is_float(other):
        return n.build.cast(n.emit(graph.PowOp(n.build.cast(base, other), exponent)), element)
    return n.emit(graph.PowOp(base, n.build.cast(exponent, element)))


@op("Mod")
def mod(n: Node) -> SSAValue:
    return n.emit(graph.ModOp(*n.build.pair(n.x(0), n.x(1)), bool(n.int_attr("fmod", 0))))


@op("BitShift")
def bit_shift(n: Node) -> SSAValue:
    shifts: dict[str, type[graph.BinaryOp]] = {"LEFT": graph.ShiftLeftOp, "RIGHT": graph.ShiftRightOp}
    direction = n.str_attr("direction")
    if direction not in shifts:
        raise ValueError(f"direction is LEFT or RIGHT, got '{direction}'")
    return n.emit(shifts[direction](*n.build.pair(n.x(0), n.x(1))))


@op("Where")
def where(n: Node) -> SSAValue:
    condition, then, otherwise = n.build.together(n.x(0), n.x(1), n.x(2))
    return n.emit(graph.WhereOp(condition, then, otherwise))


def _wide(n: Node) -> SSAValue:
    """The operand, with floats of a byte as f32: their tests are allowed, arithmetic is not."""
    return n.build.cast(n.x(), f32) if is_small_float(n.element()) else n.x()


@op("IsNaN")
def is_nan(n: Node) -> SSAValue:
    return n.emit(graph.IsNanOp(_wide(n)))


@op("IsInf")
def is_inf(n: Node) -> SSAValue:
    return n.emit(graph.IsInfOp(_wide(n), bool(n.int_attr("detect_negative", 1)), bool(n.int_attr("detect_positive", 1))))


# -- clip -----------------------------------------------------------------------------------------------------------------

_EXACT = 1 << 53  # integers up to here are exact as f64 attributes


@op("Clip", since=1)
def clip_by_attributes(n: Node) -> SSAValue:
    low = n.float_attr("min") if "min" in n.attributes else None
    high = n.float_attr("max") if "max" in n.attributes else None
    return _clip(n, low, high)


@op("Clip", since=11)
def clip(n: Node) -> SSAValue:
    """Bounds that are constants become attributes, others a max and a min."""
    bounds = [_bound(n, 1), _bound(n, 2)]
    if all(bound is None or not isinstance(bound, SSAValue) for bound in bounds):
        low, high = (b if isinstance(b, float) else None for b in bounds)
        return _clip(n, low, high)
    x = n.x()
    makers: tuple[Callable[[SSAValue, SSAValue], graph.BinaryOp], ...] = (graph.MaxOp, graph.MinOp)
    for index, make in enumerate(makers):
        if n.has(index + 1):
            x = n.emit(make(x, n.x(index + 1)))
    return x


def _bound(n: Node, index: int) -> float | SSAValue | None:
    array = n.array(index)
    if array is None:
        return n.optional(index)
    value = array.reshape(-1)[0]
    exact = array.dtype.kind not in "iu" or abs(int(value)) <= _EXACT
    return float(value) if exact else n.x(index)


def _clip(n: Node, low: float | None, high: float | None) -> SSAValue:
    return n.x() if low is None and high is None else n.emit(graph.ClipOp(n.x(), low, high))


# -- booleans -------------------------------------------------------------------------------------------------------------


def is_boolean(value: SSAValue) -> bool:
    return element_of(value) == i1


def byte(value: SSAValue, n: Node) -> SSAValue:
    """Booleans as ui8 0 and 1, for ops that the graph dialect has for numbers only."""
    return n.build.cast(value, IntegerType(8, Signedness.UNSIGNED)) if is_boolean(value) else value
