"""Arena assignment: values that live at different times share memory."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..dialects.graph.dims import DimExpr

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""
STATIC_SLOT = 0

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True)
class Lifetime:
    """A value is written at step `first` and read up to step `last`, both included."""

    first: int
    last: int
    size: DimExpr

    def overlaps(self, other: Lifetime) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Piece:
    """Where a value lives: `offset` bytes into a slot."""

    slot: int
    offset: int


def assign_pieces(lifetimes: Mapping[KeyT, Lifetime]) -> dict[KeyT, Piece]:
    """Pieces for all values: static ones by offset in slot 0, dynamic ones in slots of their own."""
    static = {k: v for k, v in lifetimes.items() if v.size.is_static}
    dynamic = {k: v for k, v in lifetimes.items() if not v.size.is_static}
    coloured = {key: Piece(STATIC_SLOT + 1 + slot, 0) for key, slot in colour(dynamic).items()}
    return _place_static(static) | coloured


def _place_static(lifetimes: Mapping[KeyT, Lifetime]) -> dict[KeyT, Piece]:
    """Greedy by size (Pisarchyk and Lee 2020): the largest first, at the lowest offset that is free for its whole life."""
    placed: list[tuple[int, int, Lifetime]] = []
    pieces: dict[KeyT, Piece] = {}
    for key, life in sorted(lifetimes.items(), key=lambda item: (-item[1].size.value, item[1].first)):
        size = round_up(life.size.value)
        offset = 0
        for start, end, other in placed:
            if life.overlaps(other) and start < offset + size and offset < end:
                offset = end
            elif life.overlaps(other) and start >= offset + size:
                break
        placed.append((offset, offset + size, life))
        placed.sort(key=lambda entry: entry[0])
        pieces[key] = Piece(STATIC_SLOT, offset)
    return pieces


@dataclass
class _Slot:
    index: int
    free_after: int
    sizes: list[DimExpr] = field(default_factory=list[DimExpr])


def colour(lifetimes: Mapping[KeyT, Lifetime]) -> dict[KeyT, int]:
    """Slots counted from 0 by linear scan: reuse the free slot whose members are most like the value, else open a new one."""
    slots: list[_Slot] = []
    found: dict[KeyT, int] = {}
    for key, life in sorted(lifetimes.items(), key=lambda item: item[1].first):
        free = [s for s in slots if s.free_after < life.first]
        if free:
            slot = min(free, key=lambda s: (life.size not in s.sizes, abs(_nominal(s.sizes) - _nominal([life.size])), s.index))
        else:
            slot = _Slot(len(slots), -1)
            slots.append(slot)
        slot.free_after = life.last
        slot.sizes.append(life.size)
        found[key] = slot.index
    return found


def _nominal(sizes: list[DimExpr]) -> int:
    """A slot's size when every symbol is 64: only to compare slots by."""
    return max(s.evaluate(dict.fromkeys(s.symbols, 64)) for s in sizes)


def round_up(size: int) -> int:
    """To the arena's alignment; a value of no bytes takes a line too, so that every piece has an address of its own."""
    return max(-(-size // ALIGNMENT), 1) * ALIGNMENT
