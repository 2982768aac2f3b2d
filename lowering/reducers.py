"""The kinds of `graph.reduce`: what is taken of each element, how two are combined, what becomes of the total."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from xdsl.dialects import math
from xdsl.dialects.builtin import f64
from xdsl.ir import Attribute

from ..dialects.graph.base import i1, si64
from .casts import cast
from .integers import divide
from .loop_types import integer_width
from .values import Value, is_signed


def _same(x: Value) -> Value:
    return x


def _add(a: Value, b: Value) -> Value:
    return a + b


def _square(x: Value) -> Value:
    return x * x


def _mean(total: Value, count: Value) -> Value:
    return total / count if total.is_float else divide(total, count)


def _through_f64(function: Callable[[Value], Value]) -> Callable[[Value, Value], Value]:
    """A float function of a total that may be an integer."""
    return lambda total, _: function(total) if total.is_float else cast(function(cast(total, f64)), total.element)


@dataclass(frozen=True)
class Reducer:
    """A commutative reduction; `finish` gets the total and the number of elements."""

    initial: float
    """Of an integer reduction: the nearest number that the type has."""
    take: Callable[[Value], Value]
    combine: Callable[[Value, Value], Value]
    finish: Callable[[Value, Value], Value] = lambda total, _: total
    exact: bool = False
    """Whether floats, too, may be combined in any order."""
    widens: bool = False
    """Integers are reduced as si64: what is left fits their type again, though the total may not."""

    def element(self, element: Attribute) -> Attribute:
        """The element type in which elements of this type are reduced."""
        return si64 if self.widens and integer_width(element) is not None else element


REDUCERS: dict[str, Reducer] = {
    "sum": Reducer(0, _same, _add),
    "mean": Reducer(0, _same, _add, _mean, widens=True),
    "l1": Reducer(0, abs, _add),
    "l2": Reducer(0, _square, _add, _through_f64(lambda x: x.math(math.SqrtOp))),
    "sum_square": Reducer(0, _square, _add),
    "log_sum": Reducer(0, _same, _add, _through_f64(lambda x: x.math(math.LogOp))),
    "prod": Reducer(1, _same, lambda a, b: a * b),
    "max": Reducer(-inf, _same, lambda a, b: a.maximum(b), exact=True),
    "min": Reducer(inf, _same, lambda a, b: a.minimum(b), exact=True),
}
"""`log_sum_exp` is not among them: it takes two passes."""


def initial_of(reducer: Reducer, element: Attribute) -> float | int:
    """The number that a reduction of elements of this type starts from."""
    width = integer_width(element)
    if width is None:
        return float(reducer.initial)
    signed = element != i1 and is_signed(element)
    low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
    return low if reducer.initial < low else high if reducer.initial > high else int(reducer.initial)
