"""``tilewright run``: outputs of a model on random or given inputs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from rich.console import Console

from ..runtime.session import Session
from . import options
from .arrays import Arrays, describe
from .session import open_session, take_inputs


@click.command()
@options.MODEL
@options.compiling
@options.THREADS
@options.inputs
@click.option("--repeat", type=click.IntRange(1), default=5, show_default=True, help="Runs that the latency is the median of.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the outputs there (.npz).")
def command(
    model: Path,
    target: str | None,
    shapes: tuple[str, ...],
    disabled: tuple[str, ...],
    threads: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    seed: int,
    repeat: int,
    output: Path | None,
) -> None:
    """Run MODEL on random inputs, or those given with --input, and print a table of its outputs."""
    session = open_session(model, target, shapes, disabled, threads)
    feeds = take_inputs(session.inputs, inputs, dims, seed)
    outputs: Arrays = {}

    def once() -> None:
        outputs.update(session.run(feeds))

    median = median_latency(once, repeat)
    console = Console()
    console.print(describe(outputs))
    console.print(f"{1e3 * median:.3f} ms, median of {repeat}; {coverage(session)}")
    if output is not None:
        np.savez(output, allow_pickle=False, **outputs)


def coverage(session: Session) -> str:
    """How many of the model's nodes run as native code, and how many on the host."""
    launches = session.executable.interface.launches
    nodes = {node for launch in launches for node in launch.nodes}
    return f"{len(nodes)} nodes native in {len(launches)} kernel launches, 0 on the host"


def median_latency(once: Callable[[], object], repeat: int) -> float:
    """Median time in seconds of ``repeat`` calls, after one that isn't counted."""
    once()
    times: list[float] = []
    for _ in range(repeat):
        begin = time.perf_counter()
        once()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
