"""Running cases in worker processes, so that one that crashes or hangs is a result like any other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

STATUSES = ("pass", "wrong", "unsupported", "error", "crash", "timeout")
"""wrong: ran, and gave something else; unsupported: refused by name; error: raised anything else."""

START_SECONDS = 120.0

Serve: TypeAlias = "Callable[[Connection[Any, Any]], None]"
"""What a worker process does with its end of the pipe."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: one of STATUSES, a line that says more, its host ops and its time."""

    status: str
    message: str = ""
    host: int = 0
    seconds: float = 0.0


class Worker:
    """A process that runs cases; a new one takes its place when it dies."""

    def __init__(self, limit: float, serve: Serve) -> None:
        self._limit = limit
        self._serve = serve
        self._start()

    def run(self, name: str) -> Outcome:
        """Run a case; "crash" where the process died of it, "timeout" where it was killed after `limit` seconds."""
        try:
            self._pipe.send(name)
            if self._pipe.poll(self._limit):
                return self._pipe.recv()
            outcome = Outcome("timeout", f"no result after {self._limit:.0f} s", seconds=self._limit)
        except (EOFError, OSError):
            self._process.join()
            outcome = Outcome("crash", _how(self._process.exitcode or 0))
        self.close()
        self._start()
        return outcome

    def close(self) -> None:
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=self._serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # or the end of the process wouldn't end the pipe
        if not self._pipe.poll(START_SECONDS):
            raise RuntimeError(f"a worker isn't ready after {START_SECONDS:.0f} s")
        self._pipe.recv()


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def serve(pipe: Connection[Any, Any]) -> None:
    """The worker's side: say "ready", then answer the name of each case with its outcome."""
    from benchmarks.conformance.suite import Suite

    os.environ["OMP_NUM_THREADS"] = "1"
    suite = Suite()
    pipe.send("ready")
    while True:
        name = pipe.recv()
        begin = time.perf_counter()
        status, message = _attempt(lambda: suite.run(name))  # noqa: B023  # called at once
        pipe.send(Outcome(status, message, suite.backend.host, round(time.perf_counter() - begin, 3)))


def _attempt(run: Callable[[], None]) -> tuple[str, str]:
    from tilewright.errors import UnsupportedOpError

    try:
        run()
    except UnsupportedOpError as error:
        return "unsupported", error.message
    except AssertionError as error:
        return "wrong", str(error)
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    return "pass", ""


def run_all(
    names: Iterable[str], jobs: int, limit: float, done: Callable[[str, Outcome], None], serve: Serve = serve
) -> dict[str, Outcome]:
    """Run cases in `jobs` processes, each of at most `limit` seconds; `done` is told of every outcome."""
    todo: SimpleQueue[str] = SimpleQueue()
    for name in names:
        todo.put(name)
    outcomes: dict[str, Outcome] = {}

    def work() -> None:
        worker = Worker(limit, serve)
        try:
            while True:
                name = todo.get_nowait()
                outcomes[name] = worker.run(name)
                done(name, outcomes[name])
        except Empty:
            worker.close()

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(work) for _ in range(jobs)]:
            future.result()
    return outcomes
