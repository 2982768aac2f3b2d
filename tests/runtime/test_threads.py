"""The thread pool: the same bits for any number of threads, errors of any thread, sessions side by side, fork, signals."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from threaded import MODELS, gather_model, growing_model, model_of, random, split_session

import tilewright
from tilewright.errors import BadOptionError, RunError
from tilewright.runtime.native import layout
from tilewright.runtime.pool import process_pool
from tilewright.runtime.session import Session


@pytest.mark.parametrize("name", MODELS)
def test_the_same_bits_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model, feeds = model_of(name)
    expected = tilewright.compile(model, threads=1).run(feeds)["y"]
    for threads in (2, 3, 4):
        session = split_session(monkeypatch, model, threads=threads)
        for _ in range(5):
            assert session.run(feeds)["y"].tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["matmul", "conv", "softmax of columns", "elementwise", "transpose"])
def test_each_thread_stays_inside_its_buffers(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model, feeds = model_of(name)
    expected = tilewright.compile(model, threads=1).run(feeds)["y"]
    session = split_session(monkeypatch, model, threads=3, guard=True)
    for _ in range(10):
        np.testing.assert_array_equal(session.run(feeds)["y"], expected)


@pytest.mark.parametrize("guard", [False, True])
def test_scratch_memory_of_every_thread_grows(monkeypatch: pytest.MonkeyPatch, guard: bool) -> None:
    session = split_session(monkeypatch, growing_model(), threads=3, guard=guard)
    alone = tilewright.compile(growing_model(), threads=1)
    x = random(40, 3000)
    for count in (10, 500, 3000, 7, 2000):
        feeds = [x, np.array([count])]
        np.testing.assert_array_equal(session.run(feeds)["y"], alone.run(feeds)["y"])


def test_one_thread_means_no_pool() -> None:
    script = "import sys, numpy as np, tilewright as tw, tilewright.runtime.pool as p; from threaded import model_of\n"
    script += "model, feeds = model_of('matmul'); tw.compile(model, threads=1).run(feeds); sys.exit(p._pool is not None)"
    assert in_new_process(script).returncode == 0


def test_threads_come_from_the_option_or_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    model, feeds = model_of("matmul")
    assert tilewright.compile(model, threads=3).threads == 3
    assert tilewright.compile(model, threads=1000).threads == layout.MAX_THREADS
    options = tilewright.SessionOptions(intra_op_num_threads=2)
    assert tilewright.InferenceSession(model, options).session.threads == 2
    monkeypatch.setenv("TILEWRIGHT_THREADS", "2")
    assert tilewright.compile(model).threads == 2
    monkeypatch.delenv("TILEWRIGHT_THREADS")
    monkeypatch.setattr("tilewright.runtime.pool.available_cpus", lambda: 1)
    session = tilewright.compile(model)
    assert session.threads == 1
    session.run(feeds)
    with pytest.raises(BadOptionError, match="threads"):
        tilewright.compile(model, threads=0)


# -- errors ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("position", [0, 3000, 5999])
def test_an_error_of_any_thread_is_reported(monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    session = split_session(monkeypatch, gather_model(), threads=4)
    x, indices = random(100, 16), np.arange(6000) % 100
    wrong = indices.copy()
    wrong[position] = 100
    for _ in range(20):
        with pytest.raises(RunError, match=r"lookup.*index is out of range"):
            session.run([x, wrong])
        np.testing.assert_array_equal(session.run([x, indices])["y"], x[indices])


# -- sessions side by side ------------------------------------------------------------------------------------------------------
def test_sessions_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["matmul", "conv", "softmax", "elementwise"]
    models = {name: model_of(name) for name in names}
    sessions = {name: split_session(monkeypatch, model, threads=2 + i) for i, (name, (model, _)) in enumerate(models.items())}
    expected = {name: tilewright.compile(model, threads=1).run(feeds)["y"] for name, (model, feeds) in models.items()}

    def one(name: str) -> bool:
        return all(np.array_equal(sessions[name].run(models[name][1])["y"], expected[name]) for _ in range(40))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(one, names * 2))


@pytest.mark.parametrize("spins", [0, 2000])
def test_thousands_of_small_regions(monkeypatch: pytest.MonkeyPatch, spins: int) -> None:
    """Threads that sleep, wake and leave at every moment: a lost wake-up would hang, a late worker would spoil a sum."""
    model, feeds = model_of("elementwise")
    session = split_session(monkeypatch, model, threads=4)
    expected = tilewright.compile(model, threads=1).run(feeds)["y"]
    monkeypatch.setattr("tilewright.runtime.pool.available_cpus", lambda: 64)
    pool = (ctypes.c_uint64 * layout.WORDS).from_address(process_pool().address)
    before, pool[layout.SPINS] = pool[layout.SPINS], spins
    bound = session.bind({"x0": feeds[0], "x1": feeds[1]})
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for _ in range(50):
            bound.run()
        assert np.array_equal(bound.outputs["y"], expected)
        bound.outputs["y"][:] = 0
    pool[layout.SPINS] = before


# -- fork, signals, the end -----------------------------------------------------------------------------------------------------
def forked(session: Session, feeds: list[Any], expected: Any) -> int:
    """The exit status of a child that runs the session a few times; -1 where it did not end."""
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(session.run(feeds)["y"], expected) for _ in range(5))
        os._exit(0 if same and process_pool().started == session.threads - 1 else 1)
    for _ in range(2000):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork with threads about: what this test is for
def test_a_forked_child_makes_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    model, feeds = model_of("matmul")
    session = split_session(monkeypatch, model, threads=3)
    expected = session.run(feeds)["y"]
    stop = Event()

    def keep_running() -> None:
        while not stop.is_set():
            session.run(feeds)

    busy = Thread(target=keep_running)  # so that forks happen in the middle of regions
    busy.start()
    try:
        assert [forked(session, feeds, expected) for _ in range(8)] == [0] * 8
    finally:
        stop.set()
        busy.join()
    np.testing.assert_array_equal(session.run(feeds)["y"], expected)


def in_new_process(script: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **options)


ENDLESS = """
import signal, threading, os, time, numpy as np, tilewright as tw
from threaded import model_of
model, feeds = model_of("matmul")
session = tw.compile(model, threads=4)
session.run(feeds)
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    while True:
        session.run(feeds)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_returns_and_the_process_ends() -> None:
    result = in_new_process(ENDLESS)
    assert (result.returncode, result.stdout, result.stderr) == (0, "interrupted\n", "")
