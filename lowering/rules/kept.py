"""What a slice of a kernel finds in scratch memory that an earlier slice of the same launch left there: a chunk made ready.

Kernels whose grid is (chunk, panel) gather or transform the rows of a chunk once, for all of its panels. A thread that takes a
second slice of the same chunk has them already. A word at the start of scratch tells: the number of the chunk + 1. It is 0 when a
thread takes its first slice of a launch, which the thread pool sees to (`runtime/native/pool.py`). A slice from 0 on, which is
what the calling thread runs where nothing is split, does not look at the word.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32

from ...dialects.graph.base import i1
from ..builder import Index, KernelBuilder

KEPT_BYTES = 64
"""What the word takes at the start of scratch memory: a cache line, so that what follows is aligned as ever."""


class Kept:
    """Makes chunks ready where they are not; to be made before the loop over the slice."""

    def __init__(self, b: KernelBuilder, panels: Index) -> None:
        self.b, self.panels = b, panels
        self.word = b.scratch_view(b.scratch, 0, 1, i32)
        self.found = b.load(self.word, [0])

    def once(self, index: Index, panel: Index, make: Callable[[], None]) -> None:
        """Run `make` for the first of a chunk's panels, and for the first panel of a slice that finds another chunk."""
        b = self.b
        if self.panels == 1:
            make()
            return
        number = b.op(arith.IndexCastOp, [b.index(b.add(b.floordiv(index, self.panels), 1))], i32)
        other = b.emit(arith.CmpiOp(number, self.found, "ne"))
        entered = b.op(arith.AndIOp, [b.cmp("eq", index, b.lo), other], i1)

        def fresh() -> None:
            make()
            b.store(number, self.word, [0])

        b.if_(b.op(arith.OrIOp, [entered, b.cmp("eq", panel, 0)], i1), fresh)
