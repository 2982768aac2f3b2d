"""Arena assignment: values that live at different times share memory."""

from __future__ import annotations

from bisect import insort
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import TypeVar

from ..dialects.graph.dims import DimExpr

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""
STATIC_SLOT = 0
ROUNDS = 64
"""Placements of the static values that are tried; each takes a few milliseconds at most."""

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


def lower_bound(lifetimes: Iterable[Lifetime]) -> int:
    """Bytes of the values alive at the worst step, each rounded up to the alignment: no assignment takes less."""
    return worst_step(lifetimes)[1]


def worst_step(lifetimes: Iterable[Lifetime]) -> tuple[int, int]:
    """The first step at which the most bytes are alive, and how many. Symbols count as 64, which only serves to compare."""
    changes: dict[int, int] = {}
    for life in lifetimes:
        size = round_up(nominal([life.size]))
        changes[life.first] = changes.get(life.first, 0) + size
        changes[life.last + 1] = changes.get(life.last + 1, 0) - size
    steps = sorted(changes)
    alive = list(accumulate(changes[step] for step in steps))
    return max(zip(steps, alive, strict=True), key=lambda entry: entry[1], default=(0, 0))


def _place_static(lifetimes: Mapping[KeyT, Lifetime]) -> dict[KeyT, Piece]:
    """The lowest of a few placements: the first that reaches the lower bound, where one does."""
    bound = lower_bound(lifetimes.values())
    lowest: int | None = None
    best: dict[KeyT, int] = {}
    for top, offsets in islice(_placements(lifetimes), ROUNDS):
        if lowest is None or top < lowest:
            lowest, best = top, offsets
        if top <= bound:
            break
    return {key: Piece(STATIC_SLOT, offset) for key, offset in best.items()}


def _placements(lifetimes: Mapping[KeyT, Lifetime]) -> Iterator[tuple[int, dict[KeyT, int]]]:
    """Bytes and offsets: greedy by size (Pisarchyk and Lee 2020); then again and again, what ended on top first.

    What ends on top found no gap below. Placed before all others it gets one, and the others close up around it. On real networks
    that reaches the bound in a few rounds where greedy by size misses it by a fifth.
    """
    order: list[KeyT] = sorted(lifetimes, key=lambda key: (-lifetimes[key].size.value, lifetimes[key].first))
    while order:
        offsets = _place_in_order(order, lifetimes)
        ends = {key: offset + round_up(lifetimes[key].size.value) for key, offset in offsets.items()}
        top = max(ends.values())
        yield top, offsets
        highest = next(key for key in order if ends[key] == top)
        order.remove(highest)
        order.insert(0, highest)


def _place_in_order(order: Sequence[KeyT], lifetimes: Mapping[KeyT, Lifetime]) -> dict[KeyT, int]:
    """Each value at the lowest offset that is free for its whole life."""
    placed: list[tuple[int, int, Lifetime]] = []
    offsets: dict[KeyT, int] = {}
    for key in order:
        life = lifetimes[key]
        size = round_up(life.size.value)
        offset = 0
        for start, end, other in placed:
            if not life.overlaps(other):
                continue
            if start >= offset + size:
                break
            offset = max(offset, end)
        insort(placed, (offset, offset + size, life), key=lambda entry: entry[0])
        offsets[key] = offset
    return offsets


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
            slot = min(free, key=lambda s: (life.size not in s.sizes, abs(nominal(s.sizes) - nominal([life.size])), s.index))
        else:
            slot = _Slot(len(slots), -1)
            slots.append(slot)
        slot.free_after = life.last
        slot.sizes.append(life.size)
        found[key] = slot.index
    return found


def nominal(sizes: Iterable[DimExpr]) -> int:
    """A slot's size when every symbol is 64: only to compare by."""
    return max(s.evaluate(dict.fromkeys(s.symbols, 64)) for s in sizes)


def round_up(size: int) -> int:
    """To the arena's alignment; a value of no bytes takes a line too, so that every piece has an address of its own."""
    return max(-(-size // ALIGNMENT), 1) * ALIGNMENT
