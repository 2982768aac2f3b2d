"""The words of a thread pool, 64 bits each; what different threads write lies on different cache lines. See `pool.py`."""

from __future__ import annotations

RUN_NAME, WORKER_NAME = "tw_pool_run", "tw_pool_worker"
"""The functions that others call."""

RUN, WORKER = 0, 1
"""Addresses of `tw_pool_run` and `tw_pool_worker`."""
PTHREAD_CREATE, SYSCALL = 2, 3
"""Addresses of libc's functions: the code itself refers to no symbol outside."""
SPINS = 4
"""Turns that a thread spins before it sleeps."""
SIGNALS = 5
"""Signals that workers leave to other threads, as a mask."""

STATE = 16
"""From here on everything is 0 in a new pool, and in one that a fork has taken into a child, where its threads are not."""
GATE = 16
"""Who may enter the parallel region; see the bits below."""
NEXT = 32
"""The first unit of the grid that nobody has taken."""
LOCK = 48
"""1 while a region runs."""
SLEEPING = 64
"""Workers that sleep, as a mask."""
WAITING = 80
"""1 while the region's owner sleeps until the last worker has left."""
STARTED, NUMBERED, ERROR, MISSED = 96, 97, 98, 99
"""Threads that were started, threads that have taken a number, the region's first error, grains that sleepers have missed."""
BESIDE = 100
"""Threads that run a kernel alone, because the pool was taken."""
KERNEL, CONTEXT, BUFFERS, SIZES, GRID, GRAIN, SHARE = range(112, 119)
"""What the region runs."""
STOPPING = 119
"""Not 0 once threads shall end, which only a pool of ahead-of-time code ever asks for."""
HANDLES = 128
"""Where `pthread_create` writes, a word for each thread."""
WORDS = 192

ACTIVE_BITS = 12
ACTIVE_MASK = (1 << ACTIVE_BITS) - 1
"""Low bits of the gate: workers inside."""
THREADS_SHIFT = ACTIVE_BITS
"""Then: threads that may take part, those of lower numbers."""
OPEN = 1 << 2 * ACTIVE_BITS
"""Then: whether a worker may still enter. The upper half numbers the region, and is what sleepers wait on."""
EPOCH_SHIFT = 32

MAX_THREADS = 64
"""As many as there are bits in a word."""
