"""Writing panels of a matrix: `nr` columns, row after row, zero past the last column; from any strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import vector
from xdsl.dialects.builtin import DenseArrayBase, i64
from xdsl.ir import SSAValue

from ..builder import Index, LoopBuilder
from ..loop_types import element_type, vector_type


@dataclass(frozen=True)
class Source:
    """A matrix in a buffer: element (k, n) at `start + k * row + n * column`; `rows` rows, `columns` columns from here on.

    What lies `ahead` elements further than an element of a transposed matrix is brought near meanwhile; 0 for nothing.
    """

    buffer: SSAValue
    start: Index
    row: Index
    column: Index
    rows: Index
    columns: Index
    ahead: Index = 0


def write_panel(b: LoopBuilder, source: Source, target: SSAValue, at: Index, nr: int, lanes: int) -> None:
    """Write [rows, nr] to `target` from position `at` on; what lies right behind is not touched."""
    if nr % lanes:
        _gather(b, source, target, at, nr, 0, 0)
    elif source.column == 1:
        _copy(b, source, target, at, nr, lanes)
    elif source.row == 1:
        _transpose(b, source, target, at, nr, lanes)
    else:
        _gather(b, source, target, at, nr, 0, lanes)


def _copy(b: LoopBuilder, source: Source, target: SSAValue, at: Index, nr: int, lanes: int) -> None:
    """Adjacent columns: vector copies, masked past the last column."""
    masks = [b.lane_mask(b.max(b.sub(source.columns, v), 0), lanes) for v in range(0, nr, lanes)]

    def row(k: SSAValue, _: Sequence[SSAValue]) -> None:
        start = b.add(source.start, b.mul(k, source.row))
        for v, mask in enumerate(masks):
            value = b.vload(source.buffer, [b.add(start, v * lanes)], lanes, mask)
            b.vstore(value, target, [b.add(b.add(at, b.mul(k, nr)), v * lanes)])

    b.for_(0, source.rows, row)


def _gather(b: LoopBuilder, source: Source, target: SSAValue, at: Index, nr: int, first: Index, lanes: int) -> None:
    """Rows from `first` on, element by element."""
    scalar = element_type(target)

    def row(k: SSAValue, _: Sequence[SSAValue]) -> None:
        here = b.add(at, b.mul(k, nr))
        for v in range(0, nr, lanes or 1):
            if lanes:
                b.vstore(b.const(0, vector_type(scalar, lanes)), target, [b.add(here, v)])
            else:
                b.store(b.const(0, scalar), target, [b.add(here, v)])
        start = b.add(source.start, b.mul(k, source.row))

        def column(j: SSAValue, _: Sequence[SSAValue]) -> None:
            b.store(b.load(source.buffer, [b.add(start, b.mul(j, source.column))]), target, [b.add(here, j)])

        b.for_(0, b.min(source.columns, nr), column)

    b.for_(first, source.rows, row)


def _transpose(b: LoopBuilder, source: Source, target: SSAValue, at: Index, nr: int, lanes: int) -> None:
    """Adjacent rows (a transposed matrix): square blocks of vectors, transposed in registers; the last rows one by one."""
    whole = b.mul(b.floordiv(source.rows, lanes), lanes)

    def block(k: SSAValue, j: Index, ragged: bool) -> None:
        vectors: list[SSAValue] = []
        for i in range(lanes):
            column = b.add(j, i)
            mask = _existence(b, b.sub(source.columns, column), lanes) if ragged else None
            # Nothing is loaded past the last column, but a masked address where no memory is costs hundreds of cycles.
            near = b.max(b.min(column, b.sub(source.columns, 1)), 0) if ragged else column
            start = b.add(b.add(source.start, k), b.mul(near, source.column))
            vectors.append(b.vload(source.buffer, [start], lanes, mask))
            if source.ahead != 0:
                b.prefetch(source.buffer, [b.add(start, source.ahead)], locality=2)
        for i, value in enumerate(transposed(b, vectors)):
            b.vstore(value, target, [b.add(b.add(at, b.mul(b.add(k, i), nr)), j)])

    def blocks(k: SSAValue, _: Sequence[SSAValue]) -> None:
        def step(j: SSAValue, _: Sequence[SSAValue]) -> None:
            exist = b.cmp("sge", source.columns, b.add(j, lanes))
            b.if_(exist, lambda: block(k, j, False), lambda: block(k, j, True))

        b.for_(0, nr, step, step=lanes)

    b.for_(0, whole, blocks, step=lanes)
    if not (isinstance(whole, int) and whole == source.rows):
        _gather(b, source, target, at, nr, whole, lanes)


def _existence(b: LoopBuilder, left: Index, lanes: int) -> SSAValue:
    """A mask of all lanes where something is left, else of none."""
    return b.lane_mask(b.mul(b.min(b.max(left, 0), 1), lanes), lanes)


def transposed(b: LoopBuilder, rows: Sequence[SSAValue]) -> list[SSAValue]:
    """A square block of vectors, transposed by log2(n) rounds of two-operand shuffles (Eklundh 1972)."""
    current, lanes = list(rows), len(rows)
    distance = 1
    while distance < lanes:
        low = _mask(lanes, distance, False)
        high = _mask(lanes, distance, True)
        for i in range(lanes):
            if not i & distance:
                pair = [current[i], current[i + distance]]
                current[i], current[i + distance] = (_shuffle(b, pair, mask) for mask in (low, high))
        distance *= 2
    return current


def _mask(lanes: int, distance: int, high: bool) -> DenseArrayBase:
    """Which lanes of a pair of rows make the new first (or second) row: blocks of `distance` change places."""
    other = lanes - distance
    lower = [j if not j & distance else j + other for j in range(lanes)]
    upper = [j + distance if not j & distance else j + lanes for j in range(lanes)]
    return DenseArrayBase.from_list(i64, upper if high else lower)


def _shuffle(b: LoopBuilder, pair: Sequence[SSAValue], mask: DenseArrayBase) -> SSAValue:
    return b.op(vector.ShuffleOp, pair, pair[0].type, {"mask": mask})
