"""The process's thread pool: one for all sessions, made when the first session of more than one thread is.

Its memory and code stay until the process ends, because its threads do; they are started when a kernel first needs them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from typing import NamedTuple

from .cpus import available_cpus
from .image import MappedImage
from .native import layout

_libc = ctypes.CDLL(None)
_WORD = 8
_LINE = 128
WORKER_SPINS = 2000
"""About 50 microseconds: longer than it takes from one kernel of a run to the next, shorter than a time slice."""
_KEPT = (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, 32, 33)
"""Signals that workers do take: those of their own faults, and the two that libc sends to all threads (for setuid and such)."""
WORKER_SIGNALS = (1 << 64) - 1 - sum(1 << (number - 1) for number in _KEPT)
"""Signals that workers leave to other threads, as a mask."""


def resolve_threads(threads: int | None) -> int:
    """How many threads a session runs on: as many as asked for, else the processors available; at most `MAX_THREADS`."""
    return min(available_cpus() if threads is None else threads, layout.MAX_THREADS)


class PoolCode(NamedTuple):
    """Addresses of the pool's entry points, valid as long as `owner` lives."""

    run: int
    worker: int
    owner: object

    @staticmethod
    def of(image: MappedImage) -> PoolCode:
        """The pool in an image."""
        return PoolCode(image.address(layout.RUN_NAME), image.address(layout.WORKER_NAME), image)


class ThreadPool:
    """The pool's memory. `address` is what a session passes to its kernels."""

    def __init__(self, code: PoolCode) -> None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(code))  # the threads outlive every Python object
        allocate = _libc.aligned_alloc
        allocate.restype, allocate.argtypes = ctypes.c_void_p, (ctypes.c_size_t, ctypes.c_size_t)
        self.address: int = allocate(_LINE, layout.WORDS * _WORD)
        self._words = (ctypes.c_uint64 * layout.WORDS).from_address(self.address)
        ctypes.memset(self.address, 0, layout.WORDS * _WORD)
        self._words[layout.RUN], self._words[layout.WORKER] = code.run, code.worker
        self._words[layout.PTHREAD_CREATE] = _address(_libc.pthread_create)
        self._words[layout.SYSCALL] = _address(_libc.syscall)
        self._words[layout.SIGNALS] = WORKER_SIGNALS
        self._words[layout.SPINS] = WORKER_SPINS

    def serve(self, threads: int) -> None:
        """Get ready for sessions of so many threads: with more threads than processors nobody spins."""
        if threads > available_cpus():
            self._words[layout.SPINS] = 0

    @property
    def started(self) -> int:
        """Threads that were started in this process."""
        return self._words[layout.STARTED]

    def reset(self) -> None:
        """Forget threads and region, as after a fork: the child has neither."""
        start = layout.STATE * _WORD
        ctypes.memset(self.address + start, 0, layout.WORDS * _WORD - start)


def _address(function: object) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value  # pyright: ignore[reportArgumentType]  # a function of a CDLL
    assert found is not None
    return found


_pool: ThreadPool | None = None
_making = threading.Lock()


def process_pool(code: PoolCode | None = None) -> ThreadPool:
    """The pool of this process. It runs on the code that it is first asked for with, or generates its own."""
    global _pool
    with _making:
        if _pool is None:
            _pool = ThreadPool(code or _generated_code())
        return _pool


def _generated_code() -> PoolCode:
    from ..backends.pool_code import load_pool_code  # only here: loading a compiled model must not need llvmlite

    return load_pool_code()


def _after_fork() -> None:
    global _making
    _making = threading.Lock()  # another thread of the parent may have held it
    if _pool is not None:
        _pool.reset()


os.register_at_fork(after_in_child=_after_fork)
