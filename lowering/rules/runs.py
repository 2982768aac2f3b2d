"""Runs of adjacent elements, copied and filled by vectors, whatever an element is."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index, KernelBuilder
from ..nest import Vectors, vector_loop

UNROLL = 4
"""Vectors a turn."""


class RunBuilder(KernelBuilder):
    """A kernel's frame with loops over runs, of `lanes` elements a vector; `masked` where the target masks such vectors."""

    lanes: int
    masked: bool

    def copy(self, source: SSAValue, start: Index, target: SSAValue, to: Index, count: Index) -> None:
        """Copy `count` elements from `start` of one flat buffer to `to` of another."""
        block = self.lanes * UNROLL
        whole = self.mul(self.floordiv(count, block), block)

        def blocks(at: Index, _: Sequence[SSAValue]) -> None:
            positions = [self.add(at, v * self.lanes) for v in range(UNROLL)]
            loaded = [self.vload(source, [self.add(start, p)], self.lanes) for p in positions]
            for value, p in zip(loaded, positions, strict=True):
                self.vstore(value, target, [self.add(to, p)])

        def tail(at: Index, lanes: int, mask: SSAValue | None) -> None:
            here, there = [self.add(start, at)], [self.add(to, at)]
            if lanes:
                self.vstore(self.vload(source, here, lanes, mask), target, there, mask)
            else:
                self.store(self.load(source, here), target, there)

        self.for_(0, whole, blocks, step=block)
        vector_loop(self, whole, count, Vectors(self.lanes, 1, self.masked), tail)

    def fill(self, value: SSAValue, target: SSAValue, to: Index, count: Index) -> None:
        """Store `count` times a value in its storage type from `to` of a flat buffer on."""
        vector = self.broadcast(value, self.lanes)

        def step(at: Index, lanes: int, mask: SSAValue | None) -> None:
            there = [self.add(to, at)]
            if lanes:
                self.vstore(vector, target, there, mask)
            else:
                self.store(value, target, there)

        vector_loop(self, 0, count, Vectors(self.lanes, 1, self.masked), step)
