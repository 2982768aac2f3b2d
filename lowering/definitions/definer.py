"""Elements by definition: what one element of any graph op is, as scalar code.

A definition asks for elements of its operands, so a whole DAG can be evaluated element by element. It is slow where an op reads
many elements, and right for every op, memory order and shape: the scalar rule is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects.builtin import i64
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from ...dialects import arith
from ...dialects.graph.base import si64
from ...dialects.graph.types import Dims, dims_of, element_of, physical_strides
from ..access import ONE, is_inline, places, splat_of
from ..builder import Index
from ..casts import cast, to_register
from ..frame import Frame
from ..loop_types import INDEX, integer_width
from ..pointwise import emit_pointwise, is_pointwise
from ..values import Value, register_type

Indices = Sequence[Index]
Definition = Callable[["Definer", Any, Indices], Value]
"""An element of the op's result at these indices. (Definer, op, indices)"""


class Definer:
    """Emits elements of values in one kernel."""

    def __init__(self, frame: Frame, definitions: dict[tuple[type[Operation], int], Definition]) -> None:
        self.frame = frame
        self.b = frame.b
        self._definitions = definitions

    def element(self, value: SSAValue, indices: Indices) -> Value:
        """The element of a value at these indices, in its register type."""
        owner = value.owner
        if isinstance(value, BlockArgument):
            return self.load(value, indices, physical_strides(value))
        assert isinstance(value, OpResult) and isinstance(owner, Operation)
        if is_inline(owner):
            number = splat_of(owner)
            if number is None:
                return self.load(value, indices, tuple(places(dims_of(value))))
            element = element_of(value)
            return Value(self.b, self.b.const(number, register_type(element)), element)
        if is_pointwise(owner):
            dims = dims_of(value)
            operands = [self.element(o, aligned(dims, indices, dims_of(o))).ssa for o in owner.operands]
            return Value(self.b, emit_pointwise(self.b, owner, operands), element_of(value))
        return self._definitions[type(owner), value.index](self, owner, indices)

    def load(self, value: SSAValue, indices: Indices, strides: Dims) -> Value:
        """The element of a buffer."""
        terms = [self.b.mul(i, self.b.dim(s)) for i, s in zip(indices, strides, strict=True)]
        # What outer loops know is added up first, so that it leaves inner ones.
        offset: Index = 0
        for term in sorted(terms, key=lambda t: -1 if isinstance(t, int) else self.b.depth(t)):
            offset = self.b.add(offset, term)
        return to_register(self.b, self.b.load(self.frame.evaluator.buffers[value], [offset]), element_of(value))

    # -- control ----------------------------------------------------------------------------------------------------------
    def fold(
        self,
        extents: Sequence[Index],
        inits: Sequence[Value],
        body: Callable[[tuple[Index, ...], list[Value]], Sequence[Value]],
    ) -> list[Value]:
        """Nested loops over a box that carry values: `body(indices, carried)` gives the values to carry on."""

        def nest(done: tuple[Index, ...], carried: Sequence[SSAValue]) -> list[SSAValue]:
            if len(done) == len(extents):
                return [v.ssa for v in body(done, [v.of(c) for v, c in zip(inits, carried, strict=True)])]
            return self.b.for_(0, extents[len(done)], lambda i, inner: nest((*done, i), inner), inits=carried)

        return [v.of(c) for v, c in zip(inits, nest((), [v.ssa for v in inits]), strict=True)]

    def when(self, condition: SSAValue, then: Callable[[], Value], otherwise: Callable[[], Value], like: SSAValue) -> Value:
        """One of two values of the element type of a tensor, only one of which is computed."""
        element = element_of(like)
        kind = register_type(element)
        return Value(self.b, self.b.if_(condition, lambda: [then().ssa], lambda: [otherwise().ssa], [kind])[0], element)

    def all(self, conditions: Sequence[SSAValue]) -> SSAValue | None:
        """The conjunction; None of none."""
        total: SSAValue | None = None
        for condition in conditions:
            total = condition if total is None else self.b.op(arith.AndIOp, [total, condition], condition.type)
        return total

    # -- indices ------------------------------------------------------------------------------------------------------------
    def dims(self, value: SSAValue) -> list[Index]:
        return [self.b.dim(d) for d in dims_of(value)]

    def inside(self, index: Index, size: Index) -> SSAValue:
        """Whether 0 <= index < size."""
        return self.b.cmp("ult", index, size)

    def to_index(self, value: Value) -> SSAValue:
        """An integer value as an index."""
        return self.b.pure(arith.IndexCastOp, [cast(value, si64).ssa], INDEX)

    def from_index(self, index: Index, like: Value | None = None) -> Value:
        """An index as a value of the element of `like` (si64 without one)."""
        value = Value(self.b, self.b.pure(arith.IndexCastOp, [self.b.index(index)], i64), si64)
        return value if like is None else cast(value, like.element)

    def constant(self, number: float | int, like: SSAValue) -> Value:
        """A number of the element type of a tensor."""
        element = element_of(like)
        typed = number if integer_width(element) is None else int(number)
        return Value(self.b, self.b.const(typed, register_type(element)), element)

    def wrapped(self, index: Value, size: Index) -> Index:
        """An index that may count from the end."""
        position = self.to_index(index)
        return self.b.select(self.b.cmp("slt", position, 0), self.b.add(position, size), position)

    def checked(self, positions: Sequence[tuple[Index, Index]], then: Callable[[], Value], like: SSAValue) -> Value:
        """`then()` where every (position, size) is inside; else zero, and the kernel fails."""
        inside = self.all([self.inside(p, s) for p, s in positions])
        if inside is None:
            return then()

        def fail() -> Value:
            self.frame.fail()
            return self.constant(0, like)

        return self.when(inside, then, fail, like)


def aligned(dims: Dims, indices: Indices, operand: Dims) -> list[Index]:
    """Indices of an operand that broadcasts to `dims` by numpy's rules."""
    start = len(dims) - len(operand)
    return [0 if size == ONE else indices[start + axis] for axis, size in enumerate(operand)]
