"""``tilewright bench``: latency of a model beside onnxruntime."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from .. import knobs
from ..runtime.pool import resolve_threads
from . import kernel_times, options
from .arrays import Arrays, relative_difference
from .peers import has_onnxruntime, onnxruntime_session
from .progress import progress
from .session import is_compiled, open_session, take_inputs

Once = Callable[[], Arrays]


@click.command()
@options.MODEL
@options.compiling
@options.THREADS
@options.inputs
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Turns that each runtime gets.")
@click.option("--seconds", type=float, default=0.5, show_default=True, help="Length of a turn.")
@click.option("--per-kernel", is_flag=True, help="CPU time of each kernel instead, and how well it splits over the threads.")
def command(
    model: Path,
    target: str | None,
    shapes: tuple[str, ...],
    disabled: tuple[str, ...],
    threads: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    seed: int,
    rounds: int,
    seconds: float,
    per_kernel: bool,
) -> None:
    """Median latency of MODEL, beside onnxruntime's on as many threads where that is installed; the two take turns."""
    session = open_session(model, target, shapes, disabled, 1 if per_kernel else threads)
    feeds = take_inputs(session.inputs, inputs, dims, seed)
    if per_kernel:
        count = resolve_threads(threads or knobs.threads())
        Console().print(kernel_times.report(kernel_times.measure(session, feeds, count, rounds * seconds), count))
        return
    runtimes: dict[str, Once] = {"tilewright": lambda: session.run(feeds)}
    if has_onnxruntime() and not is_compiled(model):
        peer = onnxruntime_session(model, threads=session.threads)
        names = [output.name for output in peer.get_outputs()]
        runtimes["onnxruntime"] = lambda: dict(zip(names, peer.run(names, feeds), strict=True))
    times: dict[str, list[float]] = {name: [] for name in runtimes}
    with progress(f"timing {model.name}") as say:
        for turn in range(rounds):
            for name, once in runtimes.items():
                say(f"{name}, turn {turn + 1} of {rounds}")
                times[name] += take_turn(once, seconds)
    console = Console()
    console.print(report(times))
    if len(runtimes) > 1:
        ours, theirs = (once() for once in runtimes.values())
        worst = max(relative_difference(ours[name], theirs[name]) for name in theirs)
        console.print(f"outputs differ by at most {worst:.1e} of the largest value")


def take_turn(once: Once, seconds: float) -> list[float]:
    """Latencies of the calls that fit into ``seconds`` after one that warms the caches up again; at least one."""
    once()
    times: list[float] = []
    while sum(times) < seconds:
        begin = time.perf_counter()
        once()
        times.append(time.perf_counter() - begin)
    return times


def report(times: dict[str, list[float]]) -> Table:
    """One row a runtime; the last column is its median as a multiple of the first runtime's."""
    table = Table("runtime", "median ms", "min ms", "runs", "relative")
    first = statistics.median(next(iter(times.values())))
    for name, values in times.items():
        median = statistics.median(values)
        table.add_row(name, f"{1e3 * median:.3f}", f"{1e3 * min(values):.3f}", str(len(values)), f"{median / first:.2f}")
    return table
