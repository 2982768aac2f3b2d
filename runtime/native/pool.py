"""The thread pool in native code: `tw_pool_run` splits the grid of one kernel over threads that wait in `tw_pool_worker`.

    i32 tw_pool_run(ctx*, kernel*, bufs*, sizes*, i64 grid, i64 grain)

A region is one kernel under way. Its owner, the calling thread, takes the lock (where it is taken, by another session's run or by
a region further out, the kernel runs in the calling thread alone, and the next region makes do with a thread less), writes down
the job and opens the gate. Owner and workers take pieces of the grid from one counter until it is used up (guided
self-scheduling, Polychronopoulos and Kuck 1987), so that a thread that loses its core delays its own piece only. Then the owner
closes the gate and waits for the workers that are inside, not for those that never came: a worker enters by counting itself into
the gate with a compare-and-exchange, which fails once the gate is closed. That is what makes it cheap to have threads asleep.

Threads spin, a bounded number of turns, and then sleep on a futex: workers on the number of the region, the owner on the count of
workers inside. Both ways a flag is raised before sleeping and looked at after the change (sequentially consistent), so that no
wake-up is lost. A region that is over before a sleeper would be awake wakes nobody, but many such regions in turn do.
"""

from __future__ import annotations

from typing import NamedTuple

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, i32, i64
from xdsl.ir import SSAValue

from ..codes import POOL, SCRATCH, SCRATCHES, THREADS
from . import layout
from .code import POINTER, FunctionBuilder

RUN, WORKER, STOP = layout.RUN_NAME, layout.WORKER_NAME, "tw_pool_stop"
_WORK, _WAIT, _LEAVE = "tw_pool_work", "tw_pool_wait", "tw_pool_leave"

SHARE = 2
"""A piece is this part of what an even split of the rest would give a thread, where that is no less than the grain: pieces are
large at first and small in the end, when threads must come out together."""
WAKE_GRAINS = 8
"""Work that sleepers miss before they are woken: about what waking them costs."""


class System(NamedTuple):
    """What differs between machines: Linux's system call numbers, and the hint that a thread spins."""

    futex: int
    sigprocmask: int
    relax: str


SYSTEMS = {
    "x86-64": System(202, 14, "llvm.x86.sse2.pause"),
    "aarch64": System(98, 135, "llvm.aarch64.isb"),
}
_WAIT_BITSET, _WAKE_BITSET = 9 | 128, 10 | 128  # FUTEX_PRIVATE_FLAG
_EVERYBODY = 0xFFFFFFFF
_SET_MASK = 2


def pool_module(arch: str) -> ModuleOp:
    """The pool's functions for an architecture, a key of `SYSTEMS`."""
    system = SYSTEMS[arch]
    return ModuleOp([_work(), _wait(system), _leave(system), _worker(system), _run(system)])


# -- system calls ---------------------------------------------------------------------------------------------------------------
def _syscall(f: FunctionBuilder, pool: SSAValue, number: int, arguments: list[SSAValue]) -> SSAValue:
    function = f.load(f.word(pool, layout.SYSCALL), POINTER)
    padded = [*arguments, *[f.const(0)] * (6 - len(arguments))]
    return f.call(function, [f.const(number), *padded], i64)


def _futex(
    f: FunctionBuilder, pool: SSAValue, system: System, futex: SSAValue, what: int, value: SSAValue, bits: SSAValue
) -> None:
    """Wait while the 32 bits at `futex` are `value`, or wake up to `value` threads that wait there with one of these bits."""
    arguments = [f.address(futex), f.const(what), value, f.const(0), f.const(0), bits]
    _syscall(f, pool, system.futex, arguments)


def _relax(f: FunctionBuilder, system: System) -> None:
    f.intrinsic(system.relax, [f.const(15, i32)] if system.relax.endswith("isb") else [])


# -- the workers ----------------------------------------------------------------------------------------------------------------
def _work() -> llvm.FuncOp:
    """`i32 tw_pool_work(pool*, i64 thread)`: take pieces of the grid until there are none; always 0."""
    f = FunctionBuilder(_WORK, [POINTER, i64], i32, "internal")
    pool, thread = f.arguments
    kernel, context, buffers, sizes = (
        f.load(f.word(pool, w), POINTER) for w in (layout.KERNEL, layout.CONTEXT, layout.BUFFERS, layout.SIZES)
    )
    grid, grain, share = (f.load(f.word(pool, w), i64) for w in (layout.GRID, layout.GRAIN, layout.SHARE))
    scratches = f.load(f.word(context, SCRATCHES), POINTER)
    scratch = f.load(f.word(scratches, thread), POINTER)
    f.store(f.const(0), f.word(scratch, 0))  # nothing is kept from an earlier region; see lowering/rules/kept.py
    counter = f.word(pool, layout.NEXT)
    with f.loop() as (again, done):
        low = f.load(counter, i64, "acquire")
        left = f.op("sub", grid, low)
        with f.when(f.compare("sle", left, 0)):
            f.go(done)
        part = f.op("udiv", f.op("sub", f.op("add", left, share), 1), share)
        high = f.op("add", low, f.least(f.most(part, grain), left))
        with f.when(f.compare("eq", f.exchange(counter, low, high), 0)):
            f.go(again)
        code = f.call(kernel, [context, buffers, sizes, scratch, low, high], i32)
        with f.when(f.compare("ne", code, 0)):
            f.exchange(f.word(pool, layout.ERROR), f.const(0), f.wide(code))
            f.atomic("xchg", counter, grid, "monotonic")
    f.give(f.const(0, i32))
    return f.finish()


def _wait(system: System) -> llvm.FuncOp:
    """`i64 tw_pool_wait(pool*, i64 thread, i64 seen, i64 spins)`: the gate, once the region is another than `seen`."""
    f = FunctionBuilder(_WAIT, [POINTER, i64, i64, i64], i64, "internal")
    pool, thread, seen, spins = f.arguments
    gate, sleeping = f.word(pool, layout.GATE), f.word(pool, layout.SLEEPING)
    bit = f.op("shl", f.const(1), thread)
    futex_bit = f.op("shl", f.const(1), f.op("and", thread, 31))
    turn = f.begin([i64])
    f.go(turn, spins)
    f.block = turn
    left = turn.args[0]
    found = f.load(gate, i64, "acquire")
    with f.when(f.compare("ne", f.op("lshr", found, layout.EPOCH_SHIFT), seen)):
        f.give(found)
    with f.when(f.compare("sgt", left, 0)):
        _relax(f, system)
        f.go(turn, f.op("sub", left, 1))
    f.atomic("or", sleeping, bit)
    _futex(f, pool, system, f.half(gate, 1), _WAIT_BITSET, seen, futex_bit)
    f.atomic("xor", sleeping, bit)
    f.go(turn, f.const(0))
    return f.finish()


def _leave(system: System) -> llvm.FuncOp:
    """`i32 tw_pool_leave(pool*)`: count one worker out of the gate, and wake the owner where it sleeps for the last one."""
    f = FunctionBuilder(_LEAVE, [POINTER], i32, "internal")
    (pool,) = f.arguments
    before = f.atomic("sub", f.word(pool, layout.GATE), 1)
    last = f.compare("eq", f.op("and", before, layout.OPEN | layout.ACTIVE_MASK), 1)
    waiting = f.load(f.word(pool, layout.WAITING), i64, "seq_cst")
    with f.when(f.both(last, f.compare("ne", waiting, 0))):
        _futex(f, pool, system, f.word(pool, layout.GATE), _WAKE_BITSET, f.const(1), f.const(_EVERYBODY))
    f.give(f.const(0, i32))
    return f.finish()


def _worker(system: System) -> llvm.FuncOp:
    """`ptr tw_pool_worker(pool*)`: what a thread of the pool does, for ever or until the pool stops."""
    f = FunctionBuilder(WORKER, [POINTER], POINTER)
    (pool,) = f.arguments
    mask = f.address(f.word(pool, layout.SIGNALS))
    _syscall(f, pool, system.sigprocmask, [f.const(_SET_MASK), mask, f.const(0), f.const(8)])
    thread = f.op("add", f.atomic("add", f.word(pool, layout.NUMBERED), 1), 1)
    spins, gate = f.word(pool, layout.SPINS), f.word(pool, layout.GATE)
    turn, entered = f.begin([i64, i64]), f.begin([i64])
    f.go(turn, f.const(0), f.load(spins, i64))
    f.block = turn
    seen, patience = turn.args
    found = f.call(_WAIT, [pool, thread, seen, patience], i64)
    with f.when(f.compare("ne", f.load(f.word(pool, layout.STOPPING), i64, "acquire"), 0)):
        f.give(f.pointer(f.const(0)))
    epoch = f.op("lshr", found, layout.EPOCH_SHIFT)
    attempt = f.begin([i64])
    f.go(attempt, found)
    f.block = attempt
    state = attempt.args[0]
    wanted = f.op("and", f.op("lshr", state, layout.THREADS_SHIFT), layout.ACTIVE_MASK)
    is_open = f.compare("ne", f.op("and", state, layout.OPEN), 0)
    same = f.compare("eq", f.op("lshr", state, layout.EPOCH_SHIFT), epoch)
    welcome = f.both(f.both(is_open, same), f.compare("slt", thread, wanted))
    with f.when(welcome):
        with f.when(f.exchange(gate, state, f.op("add", state, 1))):
            f.go(entered, epoch)
        f.go(attempt, f.load(gate, i64, "acquire"))
    f.go(turn, epoch, f.op("lshr", patience, 1))  # regions that are not for this thread don't keep it awake
    f.block = entered
    f.call(_WORK, [pool, thread], i32)
    f.call(_LEAVE, [pool], i32)
    f.go(turn, entered.args[0], f.load(spins, i64))
    return f.finish()


# -- the owner ------------------------------------------------------------------------------------------------------------------
def _run(system: System) -> llvm.FuncOp:
    f = FunctionBuilder(RUN, [POINTER, POINTER, POINTER, POINTER, i64, i64], i32)
    context, kernel, buffers, sizes, grid, grain = f.arguments
    pool = f.load(f.word(context, POOL), POINTER)
    threads = f.load(f.word(context, THREADS), i64)
    lock, beside = f.word(pool, layout.LOCK), f.word(pool, layout.BESIDE)
    free = f.exchange(lock, f.const(0), f.const(1))
    with f.when(f.compare("eq", free, 0)):
        scratch = f.load(f.word(context, SCRATCH), POINTER)
        f.atomic("add", beside, 1, "monotonic")
        alone = f.call(kernel, [context, buffers, sizes, scratch, f.const(0), grid], i32)
        f.atomic("sub", beside, 1, "monotonic")
        f.give(alone)
    threads = f.most(f.op("sub", threads, f.load(beside, i64, "acquire")), 1)
    _start_workers(f, pool, threads)
    job = [kernel, context, buffers, sizes, grid, grain, f.op("mul", threads, SHARE)]
    for position, value in enumerate(job):
        f.store(value, f.word(pool, layout.KERNEL + position))
    for cleared in (layout.NEXT, layout.ERROR):
        f.store(f.const(0), f.word(pool, cleared))
    _open(f, pool, threads)
    _wake(f, pool, system, threads, f.op("udiv", grid, grain))
    f.call(_WORK, [pool, f.const(0)], i32)
    f.atomic("and", f.word(pool, layout.GATE), ~layout.OPEN)
    _await_workers(f, pool, system)
    code = f.low(f.load(f.word(pool, layout.ERROR), i64))
    f.atomic("xchg", lock, 0)
    f.give(code)
    return f.finish()


def _start_workers(f: FunctionBuilder, pool: SSAValue, threads: SSAValue) -> None:
    """Start threads until there is one for each number; where the system refuses, there are fewer, and nobody asks again."""
    started = f.word(pool, layout.STARTED)
    create = f.load(f.word(pool, layout.PTHREAD_CREATE), POINTER)
    entry = f.load(f.word(pool, layout.WORKER), POINTER)
    nothing = f.pointer(f.const(0))
    with f.loop() as (_, done):
        count = f.load(started, i64)
        with f.when(f.compare("sge", f.op("add", count, 1), threads)):
            f.go(done)
        handle = f.word(pool, f.op("add", count, layout.HANDLES))
        with f.when(f.compare("ne", f.call(create, [handle, nothing, entry, pool], i32), 0)):
            f.store(f.const(0), handle)  # what a failed call leaves there is undefined
            f.store(f.const(layout.MAX_THREADS), started)
            f.go(done)
        f.store(f.op("add", count, 1), started)


def stop_function(arch: str) -> llvm.FuncOp:
    """`i32 tw_pool_stop(pool*)`: end the pool's threads and wait until they are gone; always 0. No region may be under way.

    The only function that refers to a symbol outside, `pthread_join`.
    """
    system = SYSTEMS[arch]
    f = FunctionBuilder(STOP, [POINTER], i32)
    (pool,) = f.arguments
    f.atomic("xchg", f.word(pool, layout.STOPPING), 1)
    gate = f.word(pool, layout.GATE)
    f.atomic("add", gate, 1 << layout.EPOCH_SHIFT)
    _futex(f, pool, system, f.half(gate, 1), _WAKE_BITSET, f.const(layout.MAX_THREADS), f.const(_EVERYBODY))
    turn, join, done = f.begin([i64]), f.begin(), f.begin()
    f.go(turn, f.const(0))
    f.block = turn
    (number,) = turn.args
    handle = f.load(f.word(pool, f.op("add", number, layout.HANDLES)), i64)
    there = f.both(f.compare("slt", number, layout.MAX_THREADS - 1), f.compare("ne", handle, 0))
    f.branch(there, join, done)
    f.block = join
    f.call("pthread_join", [handle, f.pointer(f.const(0))], i32)
    f.go(turn, f.op("add", number, 1))
    f.block = done
    f.give(f.const(0, i32))
    return f.finish()


def _open(f: FunctionBuilder, pool: SSAValue, threads: SSAValue) -> None:
    gate = f.word(pool, layout.GATE)
    epoch = f.op("add", f.op("lshr", f.load(gate, i64, "acquire"), layout.EPOCH_SHIFT), 1)
    low = f.op("or", f.op("shl", threads, layout.THREADS_SHIFT), layout.OPEN)
    f.atomic("xchg", gate, f.op("or", f.op("shl", epoch, layout.EPOCH_SHIFT), low))


def _wake(f: FunctionBuilder, pool: SSAValue, system: System, threads: SSAValue, grains: SSAValue) -> None:
    """Wake those who sleep among the threads that may take part, once they have missed enough."""
    sleeping = f.load(f.word(pool, layout.SLEEPING), i64, "seq_cst")
    # 2 << (threads - 1) shifts by 63 at most, and gives 0 for 64 threads: all bits, after the subtraction.
    invited = f.op("sub", f.op("shl", f.const(2), f.op("sub", threads, 1)), 1)
    asleep = f.both(sleeping, invited)
    with f.when(f.compare("ne", asleep, 0)):
        counter = f.word(pool, layout.MISSED)
        missed = f.op("add", f.load(counter, i64), grains)
        enough = f.compare("uge", missed, WAKE_GRAINS)
        f.store(f.select(enough, f.const(0), missed), counter)
        with f.when(enough):
            bits = f.op("and", f.op("or", asleep, f.op("lshr", asleep, 32)), _EVERYBODY)
            _futex(f, pool, system, f.half(f.word(pool, layout.GATE), 1), _WAKE_BITSET, threads, bits)


def _await_workers(f: FunctionBuilder, pool: SSAValue, system: System) -> None:
    """Wait until no worker is inside: spin, then sleep on the gate's lower half."""
    gate, waiting = f.word(pool, layout.GATE), f.word(pool, layout.WAITING)
    turn, done, sleep = f.begin([i64]), f.begin(), f.begin()
    f.go(turn, f.load(f.word(pool, layout.SPINS), i64))
    f.block = turn
    found = f.load(gate, i64, "acquire")
    with f.when(f.compare("eq", f.op("and", found, layout.ACTIVE_MASK), 0)):
        f.go(done)
    with f.when(f.compare("sle", turn.args[0], 0)):
        f.go(sleep)
    _relax(f, system)
    f.go(turn, f.op("sub", turn.args[0], 1))
    f.block = sleep
    f.atomic("xchg", waiting, 1)
    again = f.load(gate, i64, "seq_cst")
    with f.when(f.compare("ne", f.op("and", again, layout.ACTIVE_MASK), 0)):
        value = f.op("and", again, _EVERYBODY)
        _futex(f, pool, system, gate, _WAIT_BITSET, value, f.const(_EVERYBODY))
    f.go(turn, f.const(0))
    f.block = done
    f.atomic("xchg", waiting, 0)
