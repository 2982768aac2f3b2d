"""What each kernel of a model takes: the native host program hands every launch to a pool of ours that times it.

A kernel's time on several threads is measured on one: the pieces of its grid that the thread pool would hand out run one after
the other, each given to the thread that would be free first, and the kernel takes as long as the busiest of them. The clock is
the CPU time of the thread. So what other processes do hardly matters, and what shows is how evenly the work splits and what the
split adds to it; that threads share memory bandwidth doesn't show.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codes import POOL
from .executable import Launch
from .frame import LEAST_SCRATCH
from .memory import address_of, aligned_bytes
from .native import layout
from .native.pool import SHARE
from .session import Session

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_int64)
_RUN = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_int64)
_WORD = 8
_SCRATCH_WORD = 1


@dataclass
class LaunchTime:
    """One launch: its shortest times in seconds by number of threads, the units of its grid, and the smallest piece of it."""

    launch: Launch
    grid: int = 0
    grain: int = 0
    seconds: dict[int, float] = field(default_factory=dict[int, float])


class Profile:
    """Times of every launch of a session on bound inputs. The session must run on one thread."""

    def __init__(self, session: Session, inputs: Mapping[str, NDArray[Any]]) -> None:
        interface = session.executable.interface
        self._bound = session.bind(inputs)
        self.outputs = self._bound.outputs
        self._context, self._table = self._bound.memory
        self._pool = np.zeros(layout.WORDS, np.int64)
        self._entry = _RUN(self._launched)  # a pointer to it is in native memory: keep it alive
        self._pool[layout.RUN] = ctypes.cast(self._entry, ctypes.c_void_p).value or 0
        self._context[POOL] = address_of(self._pool)
        self.launches = [LaunchTime(launch) for launch in interface.launches]
        self._by_address = {address_of(self._table) + _WORD * one.launch.start: one for one in self.launches}
        self._scratches: list[NDArray[np.uint8]] = []
        self._threads = 1
        self._round: dict[Launch, float] = {}
        for one in self.launches:
            word = one.launch.grid_word + 1
            one.grain = max(int(self._table[word]), 1)
            self._table[word] = 0  # every launch goes to the pool

    def run(self, threads: int) -> None:
        """Run the model once, as on so many threads; a launch in a loop counts as often as it runs."""
        self._threads, self._round = threads, {}
        while len(self._scratches) < threads:
            self._scratches.append(aligned_bytes(max(int(self._table[_SCRATCH_WORD]), LEAST_SCRATCH)))
        self._bound.run()
        for one in self.launches:
            if (spent := self._round.get(one.launch)) is not None:
                one.seconds[threads] = min(spent, one.seconds.get(threads, spent))

    def _launched(self, context: int, kernel: int, buffers: int, sizes: int, grid: int, _: int) -> int:
        one = self._by_address[buffers]
        one.grid, function = grid, _KERNEL(kernel)
        for scratch in self._scratches:
            scratch[:_WORD] = 0  # as the pool does
        busy, code = [0.0] * self._threads, 0
        for low, high in pieces(grid, one.grain, self._threads):
            thread = busy.index(min(busy))
            scratch = address_of(self._scratches[thread])
            begin = time.thread_time()
            code = code or function(context, buffers, sizes, scratch, low, high)
            busy[thread] += time.thread_time() - begin
        self._round[one.launch] = self._round.get(one.launch, 0.0) + max(busy)
        return code


def pieces(grid: int, grain: int, threads: int) -> Iterator[tuple[int, int]]:
    """The pieces of a grid in the order in which threads take them; see `native/pool.py`."""
    low = 0
    while low < grid:
        left = grid - low
        part = left if threads == 1 or grid <= grain else min(max(-(-left // (SHARE * threads)), grain), left)
        yield low, low + part
        low += part
