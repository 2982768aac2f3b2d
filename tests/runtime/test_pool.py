"""The pool by itself, with kernels written in Python: who runs what, on which scratch memory, and what comes back."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tilewright.backends.elf import defined_symbols, undefined_symbols
from tilewright.backends.jit import compile_object
from tilewright.backends.llvm_printer import print_llvm_ir
from tilewright.backends.targets import get_target
from tilewright.passes.verify import check_dominance
from tilewright.runtime.codes import CONTEXT_WORDS, POOL, SCRATCH, SCRATCHES, THREADS
from tilewright.runtime.native import layout
from tilewright.runtime.native.pool import SYSTEMS, pool_module
from tilewright.runtime.pool import process_pool

MANY = 4
KEPT = 12345
"""What is in the first word of scratch memory before a region."""
_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_int64)
_RUN = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_int64)


@dataclass(frozen=True)
class Piece:
    """A call of the kernel."""

    thread: int
    scratch: int
    low: int
    high: int


@dataclass
class Region:
    """Kernels through `tw_pool_run`; `body` says what a piece does and returns."""

    body: Callable[[Piece], int]
    threads: int = MANY
    pieces: list[Piece] = field(default_factory=list[Piece])

    def run(self, grid: int, grain: int = 1) -> int:
        pool = process_pool().address
        self.memory = (ctypes.c_uint64 * self.threads)(*[KEPT] * self.threads)
        self.scratches = [ctypes.addressof(self.memory) + 8 * thread for thread in range(self.threads)]
        context, scratches = (ctypes.c_uint64 * CONTEXT_WORDS)(), (ctypes.c_uint64 * self.threads)(*self.scratches)
        context[POOL], context[THREADS] = pool, self.threads
        context[SCRATCH], context[SCRATCHES] = self.scratches[0], ctypes.addressof(scratches)
        run = _RUN(ctypes.c_uint64.from_address(pool + 8 * layout.RUN).value)
        kernel = _KERNEL(self._kernel)
        return run(ctypes.addressof(context), ctypes.cast(kernel, ctypes.c_void_p), None, None, grid, grain)

    def _kernel(self, context: int, buffers: int, sizes: int, scratch: int, low: int, high: int) -> int:
        piece = Piece(threading.get_native_id(), scratch, low, high)
        self.pieces.append(piece)
        return self.body(piece)


def together(threads: int) -> Callable[[Piece], int]:
    """A body in which all threads meet at their first piece, before any goes on."""
    barrier = threading.Barrier(threads)
    met: set[int] = set()

    def body(piece: Piece) -> int:
        if piece.thread not in met:
            met.add(piece.thread)
            barrier.wait(20)
        return 0

    return body


def slowly(piece: Piece) -> int:
    time.sleep(0.002)
    return 0


def covered(region: Region) -> list[int]:
    return sorted(unit for piece in region.pieces for unit in range(piece.low, piece.high))


@pytest.mark.parametrize("threads", [2, 4, 7])
def test_every_unit_runs_once_and_threads_share_the_work(threads: int) -> None:
    region = Region(together(threads), threads)
    assert region.run(16 * threads) == 0
    assert covered(region) == list(range(16 * threads))
    assert len({piece.thread for piece in region.pieces}) == threads


def test_scratch_memory_is_a_threads_own() -> None:
    region = Region(together(MANY))
    region.run(16 * MANY)
    owners = {(piece.thread, piece.scratch) for piece in region.pieces}
    assert len(owners) == len({scratch for _, scratch in owners}) == len({thread for thread, _ in owners}) == MANY
    assert (threading.get_native_id(), region.scratches[0]) in owners


def test_a_thread_keeps_what_it_left_in_scratch_memory_until_the_region_ends() -> None:
    found: dict[int, list[int]] = {}

    def count(piece: Piece) -> int:
        word = ctypes.c_uint64.from_address(piece.scratch)
        found.setdefault(piece.scratch, []).append(word.value)
        word.value += 1
        return 0

    Region(count, 2).run(64)
    assert sum(map(len, found.values())) > 4
    assert all(values == list(range(len(values))) for values in found.values())


def test_pieces_are_no_smaller_than_the_grain() -> None:
    region = Region(slowly)
    region.run(103, grain=20)
    assert sorted(piece.high - piece.low for piece in region.pieces) == [3, 20, 20, 20, 20, 20]


def test_pieces_are_large_first_and_small_last() -> None:
    region = Region(lambda piece: 0)
    region.run(1000)
    sizes = [piece.high - piece.low for piece in sorted(region.pieces, key=lambda piece: piece.low)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] < 1000 / MANY and sizes[-MANY:] == [1] * MANY


def test_the_first_error_wins_and_stops_the_rest() -> None:
    region = Region(lambda piece: slowly(piece) or (7 if piece.low else 0))
    assert region.run(4000) == 7
    assert len(region.pieces) <= 2 * MANY
    region = Region(slowly)
    assert region.run(40) == 0


def test_a_region_inside_a_region_runs_in_its_thread() -> None:
    inner: list[Region] = []

    def body(piece: Piece) -> int:
        inner.append(Region(slowly))
        return inner[-1].run(5)

    region = Region(body)
    assert region.run(12) == 0
    assert covered(region) == list(range(12))
    for nested in inner:
        assert [(piece.low, piece.high) for piece in nested.pieces] == [(0, 5)]
        assert nested.pieces[0].thread in {piece.thread for piece in region.pieces}


def test_a_region_beside_a_region_runs_in_its_thread() -> None:
    started, go_on = threading.Event(), threading.Event()

    def body(piece: Piece) -> int:
        started.set()
        go_on.wait(10)
        return 0

    outer = Region(body)
    thread = threading.Thread(target=lambda: outer.run(8))
    thread.start()
    started.wait(10)
    beside = Region(slowly)
    assert beside.run(30) == 0
    go_on.set()
    thread.join(10)
    assert [(piece.low, piece.high) for piece in beside.pieces] == [(0, 30)]
    assert covered(outer) == list(range(8))


def test_a_region_takes_a_thread_less_for_each_that_runs_beside_it() -> None:
    steps = [threading.Event() for _ in range(4)]

    def waiting(reached: threading.Event, until: threading.Event) -> Callable[[Piece], int]:
        return lambda piece: reached.set() or (0 if until.wait(20) else 1)

    first = threading.Thread(target=lambda: Region(waiting(steps[0], steps[1])).run(4))
    first.start()
    steps[0].wait(20)
    second = threading.Thread(target=lambda: Region(waiting(steps[2], steps[3])).run(4))
    second.start()
    steps[2].wait(20)
    steps[1].set()
    first.join(20)
    region = Region(together(MANY - 1))  # the second one still runs, alone
    assert region.run(64) == 0
    assert len({piece.thread for piece in region.pieces}) == MANY - 1
    steps[3].set()
    second.join(20)


def test_nobody_waits_for_threads_that_never_came() -> None:
    """Regions that are over before a worker is awake."""
    quick = Region(lambda piece: 0)
    for _ in range(200):
        assert quick.run(2) == 0
    assert len(quick.pieces) == 400


AARCH64 = replace(
    get_target("x86-64-v2"),
    triple="aarch64-unknown-linux-gnu",
    data_layout="e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32",
    cpu="generic",
)
TARGETS = {"x86-64": get_target("x86-64-v2"), "aarch64": AARCH64}


@pytest.mark.parametrize("arch", SYSTEMS)
def test_the_code_needs_nothing_from_outside(arch: str) -> None:
    module = pool_module(arch)
    module.verify()
    check_dominance(module)
    code = compile_object(print_llvm_ir(module, TARGETS[arch]), TARGETS[arch])
    assert undefined_symbols(code) == set()
    assert {"tw_pool_run", "tw_pool_worker"} <= defined_symbols(code)
