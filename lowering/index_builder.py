"""Index arithmetic of the loops stage, on ints at once and on values by ops, and the values of symbolic dims."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.ir import Block, Operation, SSAValue

from ..dialects.graph.dims import Atom, DimExpr
from .emitter import Emitter, Index
from .loop_types import INDEX

NO_OVERFLOW = {"overflowFlags": arith.IntegerOverflowAttr("none")}


class IndexBuilder(Emitter):
    """Index values may be Python ints: strides and offsets that are known leave no code behind."""

    def __init__(self, block: Block, entry: Block | None = None) -> None:
        super().__init__(block, entry)
        self._dims: dict[DimExpr, Index] = {}

    # -- index arithmetic -----------------------------------------------------------------------------------------------
    def add(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 and isinstance(a, int):
            return b
        if b == 0 and isinstance(b, int):
            return a
        return self.pure(arith.AddiOp, [self.index(a), self.index(b)], INDEX, NO_OVERFLOW)

    def sub(self, a: Index, b: Index) -> Index:
        if isinstance(b, int):
            return a - b if isinstance(a, int) else self.add(a, -b)
        return 0 if a is b else self.pure(arith.SubiOp, [self.index(a), b], INDEX, NO_OVERFLOW)

    def mul(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int) and b in (0, 1):
            return a if b else 0
        return self.pure(arith.MuliOp, [self.index(a), self.index(b)], INDEX, NO_OVERFLOW)

    def floordiv(self, a: Index, b: Index) -> Index:
        """Quotient of non-negative a by positive b."""
        if isinstance(a, int) and isinstance(b, int):
            return a // b
        if isinstance(b, int) and b == 1:
            return a
        return self._divide(arith.DivUIOp, a, b)

    def mod(self, a: Index, b: Index) -> Index:
        """Remainder of non-negative a by positive b."""
        if isinstance(a, int) and isinstance(b, int):
            return a % b
        if isinstance(b, int) and b == 1:
            return 0
        return self._divide(arith.RemUIOp, a, b)

    def _divide(self, cls: type[Operation], a: Index, b: Index) -> SSAValue:
        # A divisor that is 0 where a loop does not run must not be divided by before that loop.
        emit = self.pure if isinstance(b, int) else self.op
        return emit(cls, [self.index(a), self.index(b)], INDEX)

    def ceildiv(self, a: Index, b: Index) -> Index:
        return self.floordiv(self.add(a, self.sub(b, 1)), b)

    def min(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.pure(arith.MinSIOp, [self.index(a), self.index(b)], INDEX)

    def max(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        return self.pure(arith.MaxSIOp, [self.index(a), self.index(b)], INDEX)

    def linear(self, indices: Sequence[Index], strides: Sequence[Index], offset: Index = 0) -> Index:
        """`offset + sum(index * stride)`."""
        total = offset
        for i, s in zip(indices, strides, strict=True):
            total = self.add(total, self.mul(i, s))
        return total

    def delinearize(self, linear: Index, extents: Sequence[Index]) -> list[Index]:
        """The multi-index of a row-major linear index; the outermost extent is not needed and not read."""
        result: list[Index] = []
        for extent in reversed(extents[1:]):
            result.append(self.mod(linear, extent))
            linear = self.floordiv(linear, extent)
        return [linear, *reversed(result)] if extents else []

    def cmp(self, predicate: str, a: Index, b: Index) -> SSAValue:
        """Signed integer comparison: eq ne slt sle sgt sge ult ule ugt uge."""
        return self.emit(arith.CmpiOp(self.index(a), self.index(b), predicate))

    def select(self, condition: SSAValue, then: Index, otherwise: Index) -> SSAValue:
        """One of two indices."""
        return self.pure(arith.SelectOp, [condition, self.index(then), self.index(otherwise)], INDEX)

    # -- symbolic dims --------------------------------------------------------------------------------------------------
    def bind_dim(self, dim: DimExpr, value: Index) -> None:
        """Say which value a dim expression (a symbol, mostly) has; the value must dominate all uses."""
        self._dims[dim] = value

    def dim(self, expr: DimExpr) -> Index:
        """The value of a dim expression: an int when static, else index arithmetic emitted in the entry block's scope."""
        if expr.is_static:
            return expr.value
        found = self._dims.get(expr)
        if found is not None:
            return found
        total: Index = 0
        for mono, coefficient in expr.terms:
            term: Index = coefficient
            for atom, power in mono:
                for _ in range(power):
                    term = self.mul(self._atom(atom), term)
            total = self.add(total, term)
        if isinstance(total, int) or self.depth(total) == 0:
            self._dims[expr] = total
        return total

    def _atom(self, atom: Atom) -> Index:
        if not atom.args:
            return self._dims[DimExpr.symbol(atom.name)]
        lhs, rhs = (self.dim(a) for a in atom.args)
        return {"floordiv": self.floordiv, "mod": self.mod, "max": self.max, "min": self.min}[atom.name](lhs, rhs)
