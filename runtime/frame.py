"""The context of a run in flight, with scratch memory for each thread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .codes import CONTEXT_WORDS, POOL, SCRATCH, SCRATCHES, THREADS
from .memory import Bytes, address_of
from .pool import process_pool

LEAST_SCRATCH = 64
"""Bytes for a thread at least: the pool clears the first word."""


class Scratches:
    """Scratch memory of the threads of one run. `make` allocates so many bytes.

    Attributes:
        context: the words that native code gets; see `codes.py`.
    """

    def __init__(self, threads: int, size: int, make: Callable[[int], Bytes]) -> None:
        self._make = make
        self._addresses = np.zeros(threads, np.int64)
        self.context = np.zeros(CONTEXT_WORDS, np.int64)
        self.context[THREADS], self.context[SCRATCHES] = threads, address_of(self._addresses)
        if threads > 1:
            self.context[POOL] = process_pool().address
        self.allocate(size)

    def allocate(self, size: int) -> int:
        """Give every thread so many bytes, instead of what it had; the calling thread's address."""
        self._memory: list[NDArray[np.uint8]] = [self._make(max(size, LEAST_SCRATCH)) for _ in self._addresses]
        self._addresses[:] = [address_of(memory) for memory in self._memory]
        self.context[SCRATCH] = self._addresses[0]
        return int(self._addresses[0])
