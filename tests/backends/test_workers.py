"""Worker processes that generate code: the same objects, errors that name the unit, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tilewright.backends import jit, workers
from tilewright.backends.targets import host_target
from tilewright.backends.workers import WorkerPool, worker_count
from tilewright.errors import CompileError

ASSEMBLY = 'define void @tw_bad() {\n  call void asm sideeffect "nop", ""()\n  ret void\n}\n'
"""LLVM ends the process over it, since no assembler is initialised."""


def text(number: int) -> str:
    return f"define i32 @tw_f{number}() {{\n  ret i32 {number}\n}}\n"


@pytest.fixture
def pool() -> Generator[WorkerPool]:
    pool = WorkerPool()
    pool.start(2)
    yield pool
    pool.end()


def pids(pool: WorkerPool) -> list[int]:
    return [worker.process.pid for worker in pool._workers if worker is not None]  # pyright: ignore[reportPrivateUsage]  # whom to look for


def test_objects_are_those_of_this_process(pool: WorkerPool) -> None:
    texts = {f"unit{i}": text(i) for i in range(6)}
    before = pids(pool)
    for _ in range(2):
        found = pool.compile(texts, host_target())
        assert found == {name: jit.compile_object(ir, host_target()) for name, ir in texts.items()}
    assert pids(pool) == before


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("define nonsense", "generate-code: tw_bad: LLVM rejects the IR: "),
        (ASSEMBLY, "generate-code: tw_bad: LLVM stopped the process that generates code; .*LLVM ERROR: Inline asm"),
    ],
)
def test_errors_name_the_unit(pool: WorkerPool, bad: str, reason: str) -> None:
    for _ in range(2):
        with pytest.raises(CompileError, match=reason):
            pool.compile({"tw_good": text(1), "tw_bad": bad}, host_target())
    assert pool.compile({"tw_good": text(1)}, host_target()).keys() == {"tw_good"}


def test_workers_that_had_nothing_to_do_are_started_again(pool: WorkerPool) -> None:
    for worker in pool._workers:  # pyright: ignore[reportPrivateUsage]  # as if they had waited too long
        assert worker is not None and worker.process.stdin is not None
        worker.process.stdin.close()
        worker.process.wait()
    assert len(pool.compile({f"unit{i}": text(i) for i in range(4)}, host_target())) == 4


def test_killed_workers_are_an_error_once(pool: WorkerPool) -> None:
    for pid in pids(pool):
        os.kill(pid, signal.SIGSTOP)
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -KILL {' '.join(map(str, pids(pool)))}"])
    with pytest.raises(CompileError, match=r"tw_a: LLVM stopped .* status -9"):
        pool.compile({"tw_a": text(1)}, host_target())
    killer.wait()
    assert pool.compile({"tw_a": text(1)}, host_target()).keys() == {"tw_a"}


def test_an_interrupt_ends_the_workers(pool: WorkerPool) -> None:
    found = pids(pool)
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        pool.compile({f"unit{i}": text(i) for i in range(4)}, host_target())
    assert all(map(gone, found))
    assert len(pool.compile({f"unit{i}": text(i) for i in range(4)}, host_target())) == 4


def gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_workers_end_with_their_parent() -> None:
    program = """
import os, sys
from tilewright.backends.workers import WorkerPool
pool = WorkerPool()
pool.start(2)
print(*[worker.process.pid for worker in pool._workers], flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    found = [int(word) for word in done.stdout.split()]
    assert len(found) == 2 and all(map(gone, found))


def test_a_child_has_workers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWRIGHT_COMPILE_WORKERS", "1")
    texts = {f"unit{i}": text(i) for i in range(workers.WORTH)}
    workers.prepare(workers.WORTH)
    expected = workers.compile_objects(texts, host_target())
    child = os.fork()
    if child == 0:
        workers.prepare(workers.WORTH)
        os._exit(0 if workers.compile_objects(texts, host_target()) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert workers.compile_objects(texts, host_target()) == expected


@pytest.mark.parametrize("executable", ["/bin/false", "/bin/true", "/bin/echo"])
def test_without_workers_this_process_generates_the_code(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that embeds Python, as `sys.executable`, is no Python."""
    monkeypatch.setattr(sys, "executable", executable)
    pool = WorkerPool()
    pool.start(1)
    with pytest.warns(UserWarning, match="code is generated in this process"):
        found = pool.compile({f"unit{i}": text(i) for i in range(3)}, host_target())
    assert found == {f"unit{i}": jit.compile_object(text(i), host_target()) for i in range(3)}
    pool.end()


def test_workers_find_llvm_where_their_parent_did() -> None:
    """The interpreter that an environment is made of doesn't know its packages, unless a program adds them itself."""
    program = f"""
import site
site.addsitedir({sysconfig.get_path("purelib")!r})
from tilewright.backends.targets import host_target
from tilewright.backends.workers import WorkerPool
pool = WorkerPool()
pool.start(1)
print(len(pool.compile({{"unit": {text(1)!r}}}, host_target())["unit"]), *pool._workers, flush=True)
pool.end()
"""
    base = os.path.realpath(sys.executable)
    done = subprocess.run([base, "-W", "error::UserWarning", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "Worker object" in done.stdout, done.stderr


def test_the_knob_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWRIGHT_COMPILE_WORKERS", "0")
    assert worker_count() == 0
    monkeypatch.setenv("TILEWRIGHT_COMPILE_WORKERS", "3")
    assert worker_count() == 3
    monkeypatch.delenv("TILEWRIGHT_COMPILE_WORKERS")
    monkeypatch.setattr(workers, "available_cpus", lambda: 1)
    assert worker_count() == 0


def test_none_are_started_where_the_knob_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWRIGHT_COMPILE_WORKERS", "0")
    started: list[int] = []
    monkeypatch.setattr(workers.WorkerPool, "start", lambda _, count: started.append(count))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]  # of any types
    workers.prepare(100)
    assert not started
    monkeypatch.setenv("TILEWRIGHT_COMPILE_WORKERS", "2")
    workers.prepare(workers.WORTH - 1)
    assert not started
    workers.prepare(workers.WORTH)
    assert started == [2]
