"""Whether sizes that follow from the inputs' dims are ones that can be, told in floating point, which does not wrap around.

Sums and products modulo 2**64 are exact whenever the result fits, whatever happened on the way; arguments of divisions,
remainders and comparisons must fit as well. So a value is right if the real number is not beyond the limit, nor are those of all
arguments.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f64, i64
from xdsl.ir import Operation, SSAValue

from ..dialects.graph.dims import Atom, DimExpr
from ..runtime.codes import MAX_BYTES
from .index_builder import IndexBuilder

_ARGUMENT_SCALE = 2.0**-15
"""Arguments of functions may be this much larger: 2**61."""


class SizeLimit:
    """Collects expressions, each some bytes, over symbols whose values a builder knows."""

    def __init__(self, builder: IndexBuilder) -> None:
        self._b = builder
        self._known: dict[DimExpr, SSAValue] = {}
        self._arguments: list[SSAValue] = []

    def exceeded(self, sizes: Iterable[DimExpr]) -> SSAValue | None:
        """Whether one of the sizes, or all together, are beyond `MAX_BYTES`; None where all are constants."""
        found = [size for size in dict.fromkeys(sizes) if not size.is_static]
        if not found:
            return None
        zero = self._b.const(0.0, f64)
        total = zero
        for size in found:
            total = self._binary(arith.AddfOp, total, self._binary(arith.MaximumfOp, self._value(size), zero))
        for argument in self._arguments:
            large = self._binary(arith.MulfOp, argument, self._b.const(_ARGUMENT_SCALE, f64))
            total = self._binary(arith.MaximumfOp, total, large)
        return self._b.emit(arith.CmpfOp(total, self._b.const(float(MAX_BYTES), f64), "ogt"))

    def _binary(self, cls: type[Operation], a: SSAValue, b: SSAValue) -> SSAValue:
        return self._b.op(cls, [a, b], f64)

    def _value(self, expression: DimExpr) -> SSAValue:
        if expression not in self._known:
            total = self._b.const(0.0, f64)
            for factors, coefficient in expression.terms:
                term = self._b.const(float(coefficient), f64)
                for atom, power in factors:
                    for _ in range(power):
                        term = self._binary(arith.MulfOp, term, self._atom(atom))
                total = self._binary(arith.AddfOp, total, term)
            self._known[expression] = total
        return self._known[expression]

    def _atom(self, atom: Atom) -> SSAValue:
        if not atom.args:
            index = self._b.index(self._b.dim(DimExpr.symbol(atom.name)))
            return self._b.op(arith.SIToFPOp, [self._b.op(arith.IndexCastOp, [index], i64)], f64)
        a, b = (self._value(argument) for argument in atom.args)
        self._arguments += [value for value, argument in zip((a, b), atom.args, strict=True) if not argument.is_static]
        return self._function(atom.name, a, b)

    def _function(self, name: str, a: SSAValue, b: SSAValue) -> SSAValue:
        match name:
            case "floordiv":
                return self._quotient(a, b)
            case "mod":
                return self._binary(arith.SubfOp, a, self._binary(arith.MulfOp, self._quotient(a, b), b))
            case "max":
                return self._binary(arith.MaximumfOp, a, b)
            case "min":
                return self._binary(arith.MinimumfOp, a, b)
            case _:
                raise KeyError(name)

    def _quotient(self, a: SSAValue, b: SSAValue) -> SSAValue:
        divisor = self._binary(arith.MaximumfOp, b, self._b.const(1.0, f64))
        return self._b.op(math.FloorOp, [self._binary(arith.DivfOp, a, divisor)], f64)
