"""Rearranging vectors in registers: transposes, interleaving, strided picks, reversal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xdsl.dialects import vector
from xdsl.dialects.builtin import DenseArrayBase, i64
from xdsl.ir import Attribute, SSAValue

from ..dialects import arith
from .builder import LoopBuilder
from .loop_types import vector_type
from .values import lanes_of


@lru_cache(maxsize=1024)
def _mask(lanes: tuple[int, ...]) -> DenseArrayBase:
    return DenseArrayBase.from_list(i64, lanes)


def shuffle(b: LoopBuilder, first: SSAValue, second: SSAValue, lanes: Sequence[int]) -> SSAValue:
    """Lanes of two vectors, those of the second numbered after those of the first."""
    result = vector_type(arith.element_of(first.type), len(lanes))
    return b.pure(vector.ShuffleOp, [first, second], result, {"mask": _mask(tuple(lanes))})


def insert(b: LoopBuilder, element: SSAValue, into: SSAValue, lane: int) -> SSAValue:
    return b.pure(vector.InsertOp, [element, into], into.type, _lane(lane))


def extract(b: LoopBuilder, source: SSAValue, lane: int) -> SSAValue:
    return b.pure(vector.ExtractOp, [source], arith.element_of(source.type), _lane(lane))


def _lane(lane: int) -> dict[str, Attribute]:
    return {"static_position": _mask((lane,))}


def transpose(b: LoopBuilder, rows: Sequence[SSAValue]) -> list[SSAValue]:
    """The columns of a square of vectors: as many rows as lanes, a power of two.

    Step by step the off-diagonal blocks of size 1, 2, 4, ... change places (Eklundh 1972).
    """
    size = len(rows)
    rows, distance = list(rows), 1
    while distance < size:
        low = [lane if not lane & distance else size + lane - distance for lane in range(size)]
        high = [lane + distance if not lane & distance else size + lane for lane in range(size)]
        for r in range(size):
            if not r & distance:
                a, c = rows[r], rows[r + distance]
                rows[r], rows[r + distance] = shuffle(b, a, c, low), shuffle(b, a, c, high)
        distance *= 2
    return rows


def interleave(b: LoopBuilder, parts: Sequence[SSAValue]) -> list[SSAValue]:
    """Vectors whose elements in a row are lane 0 of every part, then lane 1 of every part, and so on."""
    count, lanes = len(parts), lanes_of(parts[0])
    result: list[SSAValue] = []
    for vector_number in range(count):
        wanted = [divmod(vector_number * lanes + lane, count) for lane in range(lanes)]
        merged = shuffle(b, parts[0], parts[0], [source if part == 0 else 0 for source, part in wanted])
        for number, part in enumerate(parts[1:], 1):
            merged = shuffle(b, merged, part, [lanes + s if p == number else lane for lane, (s, p) in enumerate(wanted)])
        result.append(merged)
    return result


def pick(b: LoopBuilder, parts: Sequence[tuple[int, SSAValue]], lanes: int, step: int) -> SSAValue:
    """Elements 0, step, 2 * step, ... of memory of which vectors are given by where they start (in order)."""
    merged = parts[0][1]
    merged = shuffle(b, merged, merged, [min(lane * step - parts[0][0], lanes - 1) for lane in range(lanes)])
    for start, part in parts[1:]:
        merged = shuffle(b, merged, part, [_from(lane, lane * step - start, lanes) for lane in range(lanes)])
    return merged


def _from(lane: int, position: int, lanes: int) -> int:
    """The lane of the new part where it holds the element, else what is there already."""
    return lanes + position if 0 <= position < lanes else lane


def reverse(b: LoopBuilder, value: SSAValue) -> SSAValue:
    return shuffle(b, value, value, list(reversed(range(lanes_of(value)))))
