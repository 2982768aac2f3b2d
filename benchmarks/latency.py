"""Latency of tilewright beside onnxruntime and OpenVINO.

    python -m benchmarks.latency [MODEL...] [--threads 1] [--runtimes tilewright,onnxruntime,openvino]

Each runtime holds the model in a process of its own, and they take turns (A B C A B C ...): a drift of the machine's speed
meets all alike. Reported are medians, and tilewright's as a multiple of each peer's (below 1: tilewright is faster).
MODEL is a file or the name of a zoo model; by default the standard networks. Writes results/latency-THREADS.md and .json.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from benchmarks.models import INFLATED, NETWORKS, Feeds, feeds_for, model_paths
from benchmarks.report import geometric_mean, table, write
from benchmarks.runtimes import RUNTIMES, Worker, installed
from tilewright.cli.arrays import Array, relative_difference

OURS = "tilewright"


@dataclass
class Measurement:
    """One runtime on one model. ``error`` says why there are no times."""

    load_s: float = 0.0
    times_s: list[float] = field(default_factory=list[float])
    difference: float = 0.0
    error: str = ""

    @property
    def median_ms(self) -> float:
        return 1e3 * statistics.median(self.times_s)


Row = dict[str, Measurement]


def measure(path: Path, runtimes: list[str], threads: int, rounds: int, seconds: float) -> Row:
    """Load the model everywhere, then let the runtimes take turns of ``seconds`` each."""
    feeds: Feeds = feeds_for(path)
    row: Row = {}
    workers: dict[str, Worker] = {}
    with ExitStack() as stack:
        for runtime in runtimes:
            try:
                worker = Worker(runtime, path, feeds, threads)
            except RuntimeError as error:
                row[runtime] = Measurement(error=str(error))
                continue
            stack.callback(worker.close)
            workers[runtime] = worker
            row[runtime] = Measurement(load_s=worker.loaded.seconds)
        reference = next((workers[runtime] for runtime in runtimes if runtime != OURS and runtime in workers), None)
        for runtime, worker in workers.items():
            if reference is not None:
                row[runtime].difference = difference(worker.loaded.outputs, reference.loaded.outputs)
        for _ in range(rounds):
            for runtime, worker in workers.items():
                row[runtime].times_s += worker.time(seconds)
    return row


def difference(ours: list[Array], theirs: list[Array]) -> float:
    """The largest max|a-b| / max|b| over all outputs."""
    return max((relative_difference(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def ratio(row: Row, peer: str) -> float | None:
    """Our median as a multiple of the peer's, where both ran."""
    if row[OURS].error or row[peer].error:
        return None
    return row[OURS].median_ms / row[peer].median_ms


def cells(model: str, row: Row, peers: list[str]) -> list[str]:
    """One line of the report."""
    medians = [f"{m.median_ms:.2f}" if not m.error else "failed" for m in row.values()]
    ratios = [f"{found:.2f}" if (found := ratio(row, peer)) is not None else "" for peer in peers]
    ours = row.get(OURS, Measurement(error="not asked for"))
    facts = ["", ""] if ours.error else [f"{ours.load_s:.1f}", f"{ours.difference:.0e}"]
    return [model, *medians, *ratios, *facts]


def report(rows: dict[str, Row], runtimes: list[str]) -> str:
    """The table of all models with the geometric means of the ratios below it, and what failed."""
    peers = [runtime for runtime in runtimes if runtime != OURS] if OURS in runtimes else []
    header = ["model", *(f"{name} ms" for name in runtimes), *(f"/ {peer}" for peer in peers), "load s", "difference"]
    means = [geometric_mean(found for row in rows.values() if (found := ratio(row, peer)) is not None) for peer in peers]
    last = ["geometric mean", *[""] * len(runtimes), *(f"{mean:.2f}" for mean in means), "", ""]
    text = table(header, [*(cells(model, row, peers) for model, row in rows.items()), last])
    failures = [f"- {model}, {name}: {m.error}" for model, row in rows.items() for name, m in row.items() if m.error]
    return "\n".join([text, *(["", "Failed:", *failures] if failures else [])])


@click.command(help=__doc__)
@click.argument("models", nargs=-1)
@click.option("--runtimes", default=lambda: ",".join(installed()), help="Which to compare, by comma; all installed ones.")
@click.option("--threads", default=1, show_default=True)
@click.option("--rounds", default=6, show_default=True, help="Turns that each runtime gets.")
@click.option("--seconds", default=0.4, show_default=True, help="Length of a turn.")
@click.option("--folder", default=INFLATED, show_default=True, type=click.Path(path_type=Path), help="Inflated models.")
def main(models: tuple[str, ...], runtimes: str, threads: int, rounds: int, seconds: float, folder: Path) -> None:
    chosen = runtimes.split(",")
    if unknown := set(chosen) - RUNTIMES.keys():
        raise click.BadParameter(f"unknown: {', '.join(unknown)}", param_hint="--runtimes")
    rows: dict[str, Row] = {}
    for path in model_paths(models or NETWORKS, folder):
        rows[path.stem] = measure(path, chosen, threads, rounds, seconds)
        medians = {name: m.error or f"{m.median_ms:.2f} ms" for name, m in rows[path.stem].items()}
        click.echo(f"{path.stem}: {', '.join(f'{name} {text}' for name, text in medians.items())}", err=True)
    text = report(rows, chosen)
    data = {model: {name: asdict(m) for name, m in row.items()} for model, row in rows.items()}
    click.echo(text)
    click.echo(write(f"latency-{threads}", f"Latency, {threads} thread(s)", text, {"models": data}))


if __name__ == "__main__":
    main()
