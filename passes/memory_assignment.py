"""Which memory each value of the host program gets: another value's, an output's, a piece of the arena, or a slot that grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.host import is_object
from ..dialects.graph.types import dims_of, element_of, numel
from ..dialects.kernel import LaunchOp
from .arena import Lifetime, Piece, assign_pieces, colour
from .grouping import is_alias
from .lifetimes import Lifetimes, nested

Overwrites = Callable[[func.FuncOp, SSAValue], bool]


@dataclass
class Place:
    """Memory that is reserved at run time. `append`: the symbol of the iteration that this is the next piece of."""

    slot: int
    append: str | None = None


def byte_size(value: SSAValue) -> DimExpr:
    """Bytes that a tensor value takes, booleans a byte each."""
    return numel(value) * numpy_dtype(element_of(value)).itemsize


class Assignment:
    """The memory of all values of a function.

    Attributes:
        outputs: which output the value's buffer is.
        planned: when a value of the arena lives, whose size the inputs' dims decide.
        pieces: where in the arena it lies.
        places: the slot of a value whose memory is reserved where it is made.
    """

    def __init__(
        self, function: func.FuncOp, kernels: Mapping[str, func.FuncOp], symbols: Iterable[str], overwrites: Overwrites
    ) -> None:
        self.kernels, self.symbols, self.overwrites = kernels, frozenset(symbols), overwrites
        block = function.body.block
        aliases = (op for op in nested(block) if is_alias(op))
        self._storage: dict[SSAValue, SSAValue] = {op.results[0]: op.operands[0] for op in aliases}
        self.outputs = _outputs(block, self.root)
        self.life = Lifetimes(block, self.root)
        self._dedicated = self._yielded_by_loops()
        self._share_in_place()
        self.planned: dict[SSAValue, Lifetime] = {}
        self.places: dict[SSAValue, Place] = {}
        self._slots = 0
        self._carried: dict[tuple[graph.LoopOp, int], int] = {}
        self._assign()

    @cached_property
    def pieces(self) -> dict[SSAValue, Piece]:
        return assign_pieces(self.planned)

    def root(self, value: SSAValue) -> SSAValue:
        """The value whose buffer a value uses."""
        while value in self._storage:
            value = self._storage[value]
        return value

    def size(self, value: SSAValue) -> DimExpr:
        return byte_size(value)

    def is_planned(self, value: SSAValue) -> bool:
        """Whether the dims of the inputs decide the value's size."""
        return all(d.symbols <= self.symbols for d in dims_of(value))

    def carried_slot(self, loop: graph.LoopOp, index: int) -> int:
        """The slot that a value carried by a loop keeps its memory in."""
        return self._carried[loop, index]

    def appended(self, loop: graph.LoopOp) -> list[SSAValue]:
        """The values whose pieces of all iterations a loop stacks."""
        last = loop.body.block.last_op
        assert isinstance(last, graph.YieldOp)
        return [self.root(v) for v in last.values[1 + len(loop.inits) :]]

    # -- sharing ------------------------------------------------------------------------------------------------------
    def _yielded_by_loops(self) -> set[SSAValue]:
        """Values with a slot of their own: what a loop carries on or stacks."""
        loops = [op for op in self.life.ops if isinstance(op, graph.LoopOp)]
        lasts = [loop.body.block.last_op for loop in loops]
        return {self.root(v) for last in lasts if last is not None for v in list(last.operands)[1:] if not is_object(v)}

    def _share_in_place(self) -> None:
        for op in self.life.ops:
            if not isinstance(op, LaunchOp) or len(op.results) != 1 or self._is_fixed(op.results[0]):
                continue
            kernel = self.kernels[op.callee.root_reference.data]
            for operand, argument in zip(op.operands, kernel.args, strict=True):
                readers = [v for v in op.operands if self.root(v) is self.root(operand)]
                if len(readers) == 1 and self._dies_at(operand, op) and self.overwrites(kernel, argument):
                    end = self.life.of(op.results[0], self.life.position[op])
                    self._storage[op.results[0]] = operand
                    self.life.extend(operand, end)
                    break

    def _is_fixed(self, value: SSAValue) -> bool:
        return value in self.outputs or value in self._dedicated

    def _dies_at(self, value: SSAValue, op: Operation) -> bool:
        root = self.root(value)
        here = isinstance(root.owner, LaunchOp) and root.owner.parent is op.parent
        return here and not self._is_fixed(root) and self.life.of(root, -1) == self.life.position[op]

    # -- places -------------------------------------------------------------------------------------------------------
    def _assign(self) -> None:
        unplanned: dict[SSAValue, Lifetime] = {}
        for op in self.life.ops:
            for result in op.results if isinstance(op, LaunchOp) else ():
                if result in self._storage:
                    continue
                if result in self._dedicated or (result in self.outputs and not self.is_planned(result)):
                    self.places[result] = Place(self._new_slot())
                elif result not in self.outputs:
                    position = self.life.position[op]
                    life = Lifetime(position, self.life.of(result, position), byte_size(result))
                    (self.planned if self.is_planned(result) else unplanned)[result] = life
            if isinstance(op, graph.UnboxOp):
                self.places[op.result] = Place(self._new_slot())
            if isinstance(op, graph.LoopOp):
                self._carried |= {(op, index): self._new_slot() for index in range(len(op.inits))}
        slots = colour(unplanned)
        self.places |= {value: Place(self._slots + slot) for value, slot in slots.items()}

    def _new_slot(self) -> int:
        self._slots += 1
        return self._slots - 1


def _outputs(block: Block, root: Callable[[SSAValue], SSAValue]) -> dict[SSAValue, int]:
    last = block.last_op
    values = enumerate(last.operands) if last is not None else ()
    return {root(value): index for index, value in values if not is_object(value)}
