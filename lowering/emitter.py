"""Where loops-stage IR is emitted: the blocks under construction, ops that are emitted once, and constants."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from xdsl.dialects import arith, vector
from xdsl.ir import Attribute, Block, Operation, SSAValue

from .loop_types import INDEX, constant_attr, iota_attr, prints_as_bits, scalar_type, vector_type

Index = SSAValue | int


class Emitter:
    """Emits ops at the end of `block`.

    The blocks being built form a stack: a loop is appended to its block when its body is finished. So until then, what a body
    needs can still be put before the loop, and `pure` does: it emits an op once, in the outermost block where its operands are
    known. Index arithmetic goes that way.
    """

    def __init__(self, block: Block, entry: Block | None = None) -> None:
        self.block = block
        self.entry = entry or block
        self._constants: dict[tuple[Attribute, float | int | str], SSAValue] = {}
        self._last_constant: Operation | None = None
        self._open: list[Block] = [block]
        self._known: list[dict[object, SSAValue]] = [{}]
        self._floor = 0

    # -- emission -----------------------------------------------------------------------------------------------------
    def emit(self, op: Operation) -> SSAValue:
        """Append an op with at most one result and return that result."""
        self.block.add_op(op)
        return op.results[0] if op.results else SSAValue.get(op.operands[0])

    def op(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result: Attribute,
        properties: Mapping[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an op built the fast way, bypassing its constructor."""
        return self.emit(cls.create(operands=operands, result_types=[result], properties=dict(properties or {})))

    @contextmanager
    def at(self, block: Block) -> Generator[None]:
        """Emit into another block for the duration: a new one inside the current block, or one that encloses it."""
        saved, self.block = (self.block, self._floor), block
        enclosing = block in self._open
        if not enclosing:
            self._open.append(block)
            self._known.append({})
        if block.parent is not None and not enclosing:
            # It stands in the program already: what is appended outside from now on would come too late.
            self._floor = len(self._open) - 1
        try:
            yield
        finally:
            self.block, self._floor = saved
            if not enclosing:
                self._open.pop()
                self._known.pop()

    # -- emission once, outside the loops that do not matter -------------------------------------------------------------
    def depth(self, value: SSAValue) -> int:
        """Which of the open blocks defines a value, counted from the outermost."""
        owner = value.owner
        block = owner if isinstance(owner, Block) else owner.parent
        return next((d for d in range(len(self._open) - 1, -1, -1) if self._open[d] is block), 0)

    @property
    def level(self) -> int:
        """The depth of the current block."""
        return self._open.index(self.block)

    @contextmanager
    def outside(self, operands: Sequence[SSAValue], least: int = 0) -> Generator[dict[object, SSAValue]]:
        """Emit in the outermost open block, from depth `least` on, where the operands are known.

        Gives what is remembered there, by key: values that stay the same as long as that block is being built.
        """
        depth = max(self._floor, least, *map(self.depth, operands)) if operands else max(self._floor, least)
        with self.at(self._open[depth]):
            yield self._known[depth]

    def recall(self, key: object) -> SSAValue | None:
        """What `remember` was told under this key in a block that is still open."""
        return next((k[key] for k in reversed(self._known) if key in k), None)

    def remember(self, key: object, value: SSAValue) -> None:
        """Keep a value that stays the same as long as the block that defines it is being built."""
        self._known[max(self._floor, self.depth(value))][key] = value

    def pure(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result: Attribute,
        properties: Mapping[str, Attribute] | None = None,
    ) -> SSAValue:
        """An op without effects that cannot trap, emitted once and as far outside as its operands allow."""
        key = (cls, *operands, result, *(properties or {}).values())
        with self.outside(operands) as known:
            found = known.get(key)
            if found is None:
                found = known[key] = self.op(cls, operands, result, properties)
        return found

    # -- constants (kept at the top of the function, one of each) ---------------------------------------------------------
    def _constant(self, type_: Attribute, value: float | int) -> SSAValue:
        key = (type_, _bits(value))
        found = self._constants.get(key)
        if found is not None:
            return found
        element = scalar_type(type_)
        if element is not type_ and prints_as_bits(value, element):
            scalar = self._constant(element, value)
            op = vector.BroadcastOp.create(operands=[scalar], result_types=[type_])
        else:
            op = arith.ConstantOp.create(result_types=[type_], properties={"value": constant_attr(type_, value)})
        return self._place_constant(key, op)

    def _place_constant(self, key: tuple[Attribute, float | int | str], op: Operation) -> SSAValue:
        if self._last_constant is None:
            first = self.entry.first_op
            if first is None:
                self.entry.add_op(op)
            else:
                self.entry.insert_op_before(op, first)
        else:
            self.entry.insert_op_after(op, self._last_constant)
        self._last_constant = op
        self._constants[key] = op.results[0]
        return op.results[0]

    def const(self, value: float | int, type_: Attribute) -> SSAValue:
        """A scalar constant, or a splat for a vector type."""
        return self._constant(type_, value)

    def iota(self, element: Attribute, lanes: int) -> SSAValue:
        """The integer vector 0, 1, 2, ..."""
        key = (vector_type(element, lanes), "iota")
        found = self._constants.get(key)
        if found is not None:
            return found
        numbers = {"value": iota_attr(key[0], lanes)}
        return self._place_constant(key, arith.ConstantOp.create(result_types=[key[0]], properties=numbers))

    def index(self, value: Index) -> SSAValue:
        return self._constant(INDEX, value) if isinstance(value, int) else value


def _bits(value: float | int) -> float | int | str:
    # 0.0 == -0.0 and nan != nan as dict keys; their text tells them apart.
    return value if isinstance(value, int) else repr(value)
