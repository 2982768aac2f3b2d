"""A binary heap in scratch memory: the root is the item that comes last. Items are tuples of values, one memory view each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import Block, Region, SSAValue

from ...dialects import arith
from ..builder import Index, LoopBuilder
from ..loop_types import INDEX

Item = Sequence[SSAValue]
"""What the views hold of one item, in storage types."""


@dataclass(frozen=True)
class Heap:
    """Items in `views` (flat memrefs), ordered by `after(a, b)`: whether item a comes after item b."""

    b: LoopBuilder
    views: Sequence[SSAValue]
    after: Callable[[Item, Item], SSAValue]

    def load(self, position: Index) -> Item:
        return [self.b.load(view, [position]) for view in self.views]

    def store(self, position: Index, item: Item) -> None:
        for view, value in zip(self.views, item, strict=True):
            self.b.store(value, view, [position])

    def build(self, count: Index) -> None:
        """Make a heap of the first `count` items, in any order before."""
        b = self.b
        half = b.floordiv(count, 2)
        b.for_(0, half, lambda i, _: self._sink_from(b.sub(b.sub(half, 1), i), count))

    def _sink_from(self, position: Index, count: Index) -> None:
        self.sink(self.load(position), position, count)

    def sort(self, count: Index) -> None:
        """Put the items of a heap in order: the one that comes last goes to the end, again and again."""
        b = self.b

        def take(i: SSAValue, _: Sequence[SSAValue]) -> None:
            end = b.sub(b.sub(count, 1), i)
            last = self.load(end)
            self.store(end, self.load(0))
            self.sink(last, 0, end)

        b.for_(0, b.sub(count, 1), take)

    def sink(self, item: Item, start: Index, count: Index) -> None:
        """Put an item where `start` is free, or below: what comes later rises."""
        b = self.b

        def goes_on(carried: Sequence[SSAValue]) -> SSAValue:
            place, going = carried
            inside = b.cmp("slt", b.add(b.mul(place, 2), 1), count)
            return b.op(arith.AndIOp, [going, inside], going.type)

        def step(carried: Sequence[SSAValue]) -> list[SSAValue]:
            place = carried[0]
            left = b.add(b.mul(place, 2), 1)
            right = b.select(b.cmp("slt", b.add(left, 1), count), b.add(left, 1), left)
            child = b.select(self.after(self.load(right), self.load(left)), right, left)
            below = self.load(child)
            rises = self.after(below, item)
            b.if_(rises, lambda: self.store(place, below))
            return [b.select(rises, child, place), rises]

        true = b.cmp("eq", 0, 0)
        place, _ = while_(b, [b.index(start), true], goes_on, step)
        self.store(place, item)


def while_(
    b: LoopBuilder,
    inits: Sequence[SSAValue],
    condition: Callable[[Sequence[SSAValue]], SSAValue],
    body: Callable[[Sequence[SSAValue]], Sequence[SSAValue]],
) -> list[SSAValue]:
    """`scf.while`: the body gives the values to carry on, as long as the condition holds of them."""
    types = [v.type for v in inits]
    test, loop = Block(arg_types=types), Block(arg_types=types)
    with b.at(test):
        test.add_op(scf.ConditionOp(condition(test.args), *test.args))
    with b.at(loop):
        loop.add_op(scf.YieldOp(*body(loop.args)))
    op = scf.WhileOp(list(inits), types, Region(test), Region(loop))
    b.block.add_op(op)
    return list(op.results)


def index_of(b: LoopBuilder, stored: SSAValue) -> SSAValue:
    """A stored 64-bit integer as an index."""
    return b.pure(arith.IndexCastOp, [stored], INDEX)
