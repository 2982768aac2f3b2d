"""Small tensors whose elements are known at import: numbers, or expressions of symbolic dims.

`Shape`, `Gather`, `Concat`, arithmetic and casts on such tensors are evaluated here, so that `Reshape`, `Expand`, `Slice` and
their like find their sizes as dims. Integers may be `DimExpr`s; floats that come from dims are exact ratios. Floats that are
plain numbers are computed with numpy, IEEE arithmetic only. What can't be decided (a comparison of unrelated symbols) makes a
value unknown, which is no error: the op is imported as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..dialects.graph.dims import DimExpr

MAX_ELEMENTS = 64
"""Tensors with more elements than this aren't followed."""

MAX_DENOMINATOR = 1 << 12


class UndecidedError(Exception):
    """The value depends on what the symbols stand for."""


@dataclass(frozen=True)
class Ratio:
    """dim / integer, exactly: a float that was computed from a symbolic dim."""

    dim: DimExpr
    by: int = 1

    @staticmethod
    def of(value: Scalar) -> Ratio:
        if isinstance(value, Ratio):
            return value
        if isinstance(value, DimExpr):
            return Ratio(value)
        fraction = Fraction(value)
        if fraction.denominator > MAX_DENOMINATOR:
            raise UndecidedError(f"{value} is no simple fraction")
        return Ratio(DimExpr.of(fraction.numerator), fraction.denominator)

    def reduced(self) -> Scalar:
        """A plain float where no symbol is left."""
        return self.dim.value / self.by if self.dim.is_static else self


Scalar: TypeAlias = int | float | bool | DimExpr | Ratio
Objects: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Known:
    """The elements of a tensor: an array of its dtype, or of Python objects where symbols are among them."""

    data: Objects
    dtype: np.dtype[Any]

    @property
    def concrete(self) -> bool:
        """Whether no symbol is left."""
        return self.data.dtype != np.dtype(object)

    @property
    def expressible(self) -> bool:
        """Whether `graph.dims` or a dense constant can hold it: all elements are integers or expressions, or none is a symbol."""
        return self.concrete or all(isinstance(v, int | DimExpr) for v in self.data.flat)

    @property
    def objects(self) -> Objects:
        """The elements as Python objects."""
        return self.data.astype(object) if self.concrete else self.data

    @staticmethod
    def of(values: Sequence[Scalar] | Objects, dtype: DTypeLike, shape: Sequence[int] | None = None) -> Known:
        """Elements (in row-major order) as a tensor of this dtype; one without symbols becomes a plain array."""
        flat = [_plain(v) for v in (values.flat if isinstance(values, np.ndarray) else values)]
        shape = tuple(shape) if shape is not None else (values.shape if isinstance(values, np.ndarray) else (len(flat),))
        if not any(isinstance(v, DimExpr | Ratio) for v in flat):
            return Known(np.array(flat).astype(dtype).reshape(shape), np.dtype(dtype))
        objects = np.empty(len(flat), object)
        objects[:] = flat
        return Known(objects.reshape(shape), np.dtype(dtype))

    def dims(self) -> tuple[DimExpr, ...]:
        """The elements in row-major order as dims; UndecidedError if one is not an integer expression."""
        return tuple(_as_dim(v) for v in self.objects.flat)


def _plain(value: Any) -> Scalar:
    """Numbers instead of expressions without symbols, Python's instead of numpy's."""
    if isinstance(value, np.generic):
        value = cast(Scalar, value.item())
    if isinstance(value, DimExpr):
        return value.value if value.is_static else value
    return value.reduced() if isinstance(value, Ratio) else value


def _as_dim(value: Scalar) -> DimExpr:
    if isinstance(value, DimExpr):
        return value
    if isinstance(value, Ratio) or value != int(value):
        raise UndecidedError(f"{value} is not an integer")
    return DimExpr.of(int(value))


# -- deciding comparisons -------------------------------------------------------------------------------------------------


class Assumptions:
    """Expressions that must not be negative when the model runs, found while importing; each once, in order.

    Args:
        at_work: names the nodes that an assumption made now is for.
    """

    def __init__(self, at_work: Callable[[], tuple[str, ...]]) -> None:
        self._at_work = at_work
        self._needed: dict[DimExpr, tuple[str, ...]] = {}

    @property
    def nodes(self) -> list[tuple[str, ...]]:
        """For each expression the nodes that were the first to need it."""
        return list(self._needed.values())

    def __iter__(self) -> Iterator[DimExpr]:
        return iter(self._needed)

    def copy(self) -> Assumptions:
        found = Assumptions(self._at_work)
        found._needed.update(self._needed)
        return found

    def need(self, expression: DimExpr) -> None:
        """Assume `expression >= 0`; nothing to note where that always holds, ValueError where it never does."""
        if is_non_negative(expression):
            return
        if expression.is_static:
            raise ValueError(f"a size is wrong by {-expression.value}")
        self._needed.setdefault(expression, self._at_work())

    def need_equal(self, lhs: DimExpr, rhs: DimExpr) -> None:
        self.need(lhs - rhs)
        self.need(rhs - lhs)

    def non_negative(self, expression: DimExpr) -> bool:
        """Whether `expression >= 0` holds; may assume that symbols are at least 1."""
        if is_non_negative(expression):
            return True
        if not is_non_negative(_above_one(expression)):
            return False
        for symbol in sorted(expression.symbols):
            self.need(DimExpr.symbol(symbol) - 1)
        return True

    def sign(self, expression: DimExpr) -> int:
        """-1, 0 or 1; may assume that symbols are at least 1. UndecidedError if that isn't enough."""
        if expression.is_static:
            return int(np.sign(expression.value))
        for candidate, sign in ((expression, 1), (-expression, -1)):
            if self.non_negative(candidate - 1):
                return sign
        raise UndecidedError(f"the sign of {expression} is not known")


def is_non_negative(expression: DimExpr) -> bool:
    """Whether the expression can't be negative, dims being 0 or more; False where that isn't obvious."""
    return all(c >= 0 and all(not atom.args or _grows(atom.args) for atom, _ in mono) for mono, c in expression.terms)


def _grows(args: tuple[DimExpr, ...]) -> bool:
    return all(is_non_negative(a) for a in args)


def _above_one(expression: DimExpr) -> DimExpr:
    """The expression in symbols that are one less, so that 0 stands for a dim of 1."""
    return expression.substitute({s: DimExpr.symbol(s) + 1 for s in expression.symbols})
