"""Two threads beside a busy neighbour: a process that computes without end on one of the two cores that a session has.

    python -m benchmarks.busy_neighbour [MODEL...] [--rounds 8] [--seconds 0.5]

Sessions of one and of two threads take turns, without and with the neighbour. Reported are mean latencies, which feel a stall
now and then as medians do not, and their quotient: two threads must never be slower than one. Times are of the wall clock, so
that the machine must be quiet otherwise: the command says how busy it is, and refuses to start where others keep more than half a
core busy (--anyway: it doesn't).
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

import tilewright
from benchmarks.models import INFLATED, feeds_for, model_paths
from benchmarks.report import table, write
from tilewright.runtime.session import Session

MODELS = ("mobilenet_v2", "resnet50", "tinybert")
HEADER = ("model", "neighbour", "1 thread ms", "2 threads ms", "2 threads / 1")
QUIET = 0.5
"""Cores that other processes may keep busy."""
TOLERANCE = 1.02


def busy_cores(seconds: float = 1.0) -> float:
    """How many cores are busy, from two readings of /proc/stat."""
    before, start = _busy_ticks(), time.perf_counter()
    time.sleep(seconds)
    return (_busy_ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.perf_counter() - start)


def _busy_ticks() -> int:
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return user + nice + system


def _compute_for_ever(core: int) -> None:
    os.sched_setaffinity(0, {core})
    while True:
        pass


@contextmanager
def neighbour(core: int) -> Generator[None]:
    """A busy process on a core."""
    process = multiprocessing.get_context("spawn").Process(target=_compute_for_ever, args=(core,), daemon=True)
    process.start()
    time.sleep(1.0)
    try:
        yield
    finally:
        process.kill()
        process.join()


def measure(path: Path, sessions: list[Session], rounds: int, seconds: float) -> list[float]:
    """Mean seconds of a run of each session, which take turns."""
    feeds = feeds_for(path)
    times: list[list[float]] = [[] for _ in sessions]
    for _ in range(rounds):
        for session, found in zip(sessions, times, strict=True):
            session.run(feeds)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                start = time.perf_counter()
                session.run(feeds)
                found.append(time.perf_counter() - start)
    return [statistics.mean(found) for found in times]


@click.command(help=__doc__)
@click.argument("models", nargs=-1)
@click.option("--rounds", default=8, show_default=True, help="turns that each session gets")
@click.option("--seconds", default=0.5, show_default=True, help="length of a turn")
@click.option("--inflated", type=click.Path(path_type=Path), default=INFLATED, help="where inflated zoo models are kept")
@click.option("--anyway", is_flag=True, help="also on a busy machine")
def main(models: tuple[str, ...], rounds: int, seconds: float, inflated: Path, anyway: bool) -> None:
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("this takes two cores")
    busy = busy_cores()
    click.echo(f"other processes keep {busy:.2f} cores busy")
    if busy > QUIET and not anyway:
        sys.exit("too busy to measure: wall times would be those of the other processes")
    os.sched_setaffinity(0, cores)
    rows: list[list[str]] = []
    worst = 0.0
    for path in model_paths(models or MODELS, inflated):
        sessions = [tilewright.compile(path, threads=threads) for threads in (1, 2)]
        quiet = measure(path, sessions, rounds, seconds)
        with neighbour(cores[1]):
            beside = measure(path, sessions, rounds, seconds)
        for name, (one, two) in (("no", quiet), ("yes", beside)):
            rows.append([path.stem, name, f"{1e3 * one:.2f}", f"{1e3 * two:.2f}", f"{two / one:.2f}"])
            click.echo("  ".join(rows[-1]))
            worst = max(worst, two / one)
    if not models:
        write("busy_neighbour", "Two threads beside a busy process", table(HEADER, rows), {"rows": rows, "busy": busy})
    if worst > TOLERANCE:
        sys.exit(f"two threads took {worst:.2f} times as long as one")


if __name__ == "__main__":
    main()
