"""Memory that grows during a run, and what went wrong in one."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RunError
from .codes import GROW, SCRATCH_SLOT, SLOTS
from .frame import Scratches
from .memory import ALIGNMENT, Bytes, address_of, aligned_bytes, guarded_bytes

_GROW = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_NEVER_ENOUGH = -1
"""The capacity of a slot that asks for memory every time."""


class Growth:
    """The slots of one run in flight: native code calls back where one must grow; what is in it stays.

    In guard mode memory ends at a protected page, so that slots ask each time and get exactly what they need.
    """

    def __init__(self, slots: int, scratches: Scratches, table: NDArray[np.int64], scratch_word: int, guard: bool) -> None:
        self.guard = guard
        self.context, self._scratches = scratches.context, scratches
        self._table, self._scratch_word = table, scratch_word
        self._slots = np.full((max(slots, 1), 2), (0, _NEVER_ENOUGH), np.int64)
        self._memory: dict[int, Bytes] = {}
        self._callback = _GROW(self._grow)
        context = scratches.context
        context[SLOTS] = address_of(self._slots)
        context[GROW] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0

    def _grow(self, _: int, slot: int, size: int) -> int:
        """The address of a slot once it has `size` bytes; 0 where there is no memory."""
        try:
            return self._grow_scratch(size) if slot == SCRATCH_SLOT else self.grow(slot, size)
        except (MemoryError, OSError, ValueError):
            return 0

    def _grow_scratch(self, size: int) -> int:
        address = self._scratches.allocate(size)
        self._table[self._scratch_word] = size  # not before: without memory, the run ends and the next one asks again
        return address

    def grow(self, slot: int, size: int) -> int:
        """The address of a slot once it has `size` bytes; MemoryError where there are none."""
        address = int(self._slots[slot, 0])
        old = self._memory.get(address)
        capacity = size if self.guard else max(size, 2 * (0 if old is None else old.size), ALIGNMENT)
        memory = self._new(capacity)
        self._memory.pop(address, None)  # not before: without new memory, the slot keeps what it has
        if old is not None:
            kept = min(old.size, capacity)
            memory[:kept] = old[:kept]
        self._memory[address_of(memory)] = memory
        self._slots[slot] = (address_of(memory), _NEVER_ENOUGH if self.guard else capacity)
        return address_of(memory)

    def _new(self, size: int) -> Bytes:
        return guarded_bytes(size) if self.guard else aligned_bytes(size)


def read_array(address: int, shape: tuple[int, ...], dtype: np.dtype[Any], copy: Callable[[Any], Any]) -> NDArray[Any]:
    """A copy of an array in memory that belongs to a run. RunError for dims that an array can't have, though it is empty."""
    size = int(np.prod(shape)) * dtype.itemsize
    if not size:
        try:
            return np.empty(shape, dtype)
        except ValueError:
            raise RunError(f"a result would have dims {list(shape)}", stage="run") from None
    return copy(np.frombuffer(ctypes.string_at(address, size), np.uint8).view(dtype).reshape(shape))
