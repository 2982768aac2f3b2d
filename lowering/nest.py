"""Loop nests: the parallel grid of a kernel, plain loops, and vector loops with a masked or scalar tail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..backends.targets import TargetModel
from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.types import Dims
from .builder import Index, KernelBuilder

Step = Callable[[Index, int, SSAValue | None], None]
"""Called with an index, the lanes from there (0: one scalar) and their mask (None: all)."""


@dataclass(frozen=True)
class Vectors:
    """How a dim is walked: `lanes` at a time (0: scalars), `unroll` of them a turn; the rest masked, else one by one."""

    lanes: int
    unroll: int = 1
    masked: bool = True

    @staticmethod
    def of(target: TargetModel, bits: int, unroll: int = 1, maskable: bool = True) -> Vectors:
        """Full registers of elements of this width, at least 32 bits."""
        return Vectors(target.lanes(max(bits, 32)), unroll, target.has_masking and maskable)


def vector_loop(b: KernelBuilder, start: Index, end: Index, vectors: Vectors, body: Step) -> None:
    """Cover [start, end) with vectors, and what is left with a masked vector or scalars."""
    if not vectors.lanes:
        return _each(b, start, end, 1, lambda i: body(i, 0, None))
    lanes = vectors.lanes
    position = start
    for unroll in dict.fromkeys([vectors.unroll] if vectors.masked else [vectors.unroll, 1]):
        position = _full(b, position, end, lanes, unroll, body)
    if vectors.masked:
        _each(b, position, end, lanes, lambda i: body(i, lanes, b.lane_mask(b.sub(end, i), lanes)))
    else:
        _each(b, position, end, 1, lambda i: body(i, 0, None))


def _full(b: KernelBuilder, start: Index, end: Index, lanes: int, unroll: int, body: Step) -> Index:
    """Whole turns from `start`; returns where they stop."""
    turn = lanes * unroll
    count = b.floordiv(b.sub(end, start), turn)
    stop = b.add(start, b.mul(count, turn))

    def turn_body(i: Index) -> None:
        for k in range(unroll):
            body(b.add(i, k * lanes), lanes, None)

    _each(b, start, stop, turn, turn_body)
    return stop


def _each(b: KernelBuilder, start: Index, end: Index, step: int, body: Callable[[Index], None]) -> None:
    """A loop; none at all where it is known to be empty, and no loop where it is known to run once."""
    if isinstance(start, int) and isinstance(end, int) and end - start <= step:
        if end > start:
            body(start)
        return

    def loop_body(i: SSAValue, _: Sequence[SSAValue]) -> None:
        body(i)

    b.for_(start, end, loop_body, step=step)


def loops(b: KernelBuilder, ranges: Sequence[tuple[Index, Index]], body: Callable[[tuple[Index, ...]], None]) -> None:
    """Nested loops over a box of (start, end), outermost first."""

    def nest(done: tuple[Index, ...]) -> None:
        if len(done) == len(ranges):
            body(done)
        else:
            _each(b, *ranges[len(done)], 1, lambda i: nest((*done, i)))

    nest(())


@dataclass(frozen=True)
class Grid:
    """The parallel space of a kernel over iteration dims: dims before `split` whole, dim `split` in blocks of `block`.

    A grid cell holds one index of each dim before `split` and a range of dim `split`; a block of 0 leaves dim `split` whole.
    """

    sizes: Dims
    split: int
    block: int

    @property
    def cells(self) -> DimExpr:
        outer = product(self.sizes[: self.split])
        return outer * self.sizes[self.split].ceildiv(self.block) if self.block else outer

    def lower(self, b: KernelBuilder, body: Callable[[tuple[Index, ...], Index, Index], None]) -> None:
        """The loop over cells [lo, hi); `body` gets the outer indices and the range of dim `split` (0, 0 without one)."""
        sizes = [b.dim(s) for s in self.sizes]
        blocks = [b.dim(self.sizes[self.split].ceildiv(self.block))] if self.block else []

        def cell(i: SSAValue, _: Sequence[SSAValue]) -> None:
            indices = b.delinearize(i, [*sizes[: self.split], *blocks])
            if self.block:
                start = b.mul(indices.pop(), self.block)
                body(tuple(indices), start, b.min(b.add(start, self.block), sizes[self.split]))
            else:
                body(tuple(indices), 0, sizes[self.split] if self.split < len(sizes) else 0)

        b.for_(b.lo, b.hi, cell)


ASSUMED_SIZE = 64
"""What a dim that is not known is taken to be where a schedule needs a number."""


def known_size(dim: DimExpr) -> int:
    return dim.value if dim.is_static else ASSUMED_SIZE


def choose_grid(sizes: Sequence[DimExpr], elements: int) -> tuple[int, int]:
    """`split` and `block` so that a cell has about `elements` elements."""
    inner = 1
    for axis in reversed(range(len(sizes))):
        size = known_size(sizes[axis])
        if inner * size > elements or axis == 0:
            return axis, _power_of_two(max(1, elements // max(inner, 1)))
        inner *= size
    return 0, 0


def _power_of_two(value: int) -> int:
    return 1 << (value.bit_length() - 1)
