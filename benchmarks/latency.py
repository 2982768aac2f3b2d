"""Latency of tilewright beside onnxruntime and OpenVINO.

    python -m benchmarks.latency [MODEL...] [--threads 1,2] [--runs 1] [--runtimes tilewright,onnxruntime,openvino]

Each runtime holds the model in a process of its own, and they take turns (A B C A B C ...): a drift of the machine's speed
meets all alike. Reported are medians, and how many times faster tilewright is (above 1: tilewright is faster), against the
best peer with the 95% confidence interval over all turns. `% of peak` counts matrix products and direct convolutions against
the FMA peak measured in the same run (Winograd can exceed it). Memory is the peak of the process, compiling included.
MODEL is a file or the name of a zoo model; by default the standard networks. Writes results/latency-THREADS.md, .json and .svg.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
import numpy as np

from benchmarks.confidence import interval
from benchmarks.flops import model_flops
from benchmarks.models import INFLATED, NETWORKS, Feeds, feeds_for, model_paths
from benchmarks.peak import measured_peak
from benchmarks.plot import plot_speedups
from benchmarks.report import RESULTS, geometric_mean, table, write
from benchmarks.runtimes import RUNTIMES, Worker, installed
from tilewright.cli.arrays import Array, relative_difference

OURS = "tilewright"


@dataclass
class Measurement:
    """One runtime on one model. ``error`` says why there are no times."""

    load_s: float = 0.0
    turns_ms: list[float] = field(default_factory=list[float])
    """The median of each turn."""
    peak_memory: int = 0
    difference: str = ""
    error: str = ""

    @property
    def median_ms(self) -> float:
        return statistics.median(self.turns_ms)


@dataclass
class Row:
    """All runtimes on one model."""

    runtimes: dict[str, Measurement]
    flops: int | None = None

    @property
    def peers(self) -> list[str]:
        """The other runtimes that ran, the fastest first."""
        ran = [name for name, m in self.runtimes.items() if name != OURS and not m.error]
        return sorted(ran, key=lambda name: self.runtimes[name].median_ms)

    @property
    def ours(self) -> Measurement | None:
        found = self.runtimes.get(OURS)
        return found if found and not found.error else None

    def speedups(self, peer: str) -> list[float]:
        """The peer's time over ours in each turn; none where one of them did not run."""
        if self.ours is None or peer not in self.peers:
            return []
        return [b / a for a, b in zip(self.ours.turns_ms, self.runtimes[peer].turns_ms, strict=True)]

    def speedup(self, peer: str) -> float | None:
        """How many times faster than a peer we are, by medians."""
        ours = self.ours
        return self.runtimes[peer].median_ms / ours.median_ms if ours and peer in self.peers else None

    @property
    def best(self) -> float | None:
        """How many times faster than the fastest peer."""
        return self.speedup(self.peers[0]) if self.peers else None


def measure(path: Path, runtimes: Sequence[str], threads: int, rounds: int, seconds: float, row: Row) -> None:
    """Load the model everywhere, then let the runtimes take turns of ``seconds`` each; adds to ``row``."""
    feeds: Feeds = feeds_for(path)
    workers: dict[str, Worker] = {}
    with ExitStack() as stack:
        for runtime in runtimes:
            found = row.runtimes.setdefault(runtime, Measurement())
            try:
                workers[runtime] = worker = Worker(runtime, path, feeds, threads)
            except RuntimeError as error:
                found.error = str(error)
                continue
            stack.callback(worker.close)
            found.load_s = worker.loaded.seconds
        _compare(row, workers)
        for _ in range(rounds):
            for runtime, worker in workers.items():
                turn = worker.time(seconds)
                row.runtimes[runtime].turns_ms.append(1e3 * statistics.median(turn.times_s))
                row.runtimes[runtime].peak_memory = turn.peak_memory


def _compare(row: Row, workers: dict[str, Worker]) -> None:
    """The difference of each runtime's outputs from those of the first peer."""
    reference = next((worker for name, worker in workers.items() if name != OURS), None)
    for name, worker in workers.items():
        if reference is not None:
            row.runtimes[name].difference = difference(worker.loaded.outputs, reference.loaded.outputs)


def difference(ours: list[Array], theirs: list[Array]) -> str:
    """The largest max|a-b| / max|b| over all outputs of floats, and how many integers differ, if any."""
    pairs = list(zip(ours, theirs, strict=True))
    floats = max((relative_difference(a, b) for a, b in pairs if not _counted(a, b)), default=0.0)
    differing = sum(int(np.count_nonzero(a != b)) for a, b in pairs if _counted(a, b))
    total = sum(a.size for a, b in pairs if _counted(a, b))
    return f"{floats:.0e}" + (f", {differing} of {total} integers" if differing else "")


def _counted(a: Array, b: Array) -> bool:
    """Whether two outputs are integers that can be compared one by one."""
    return a.shape == b.shape and a.dtype == b.dtype and a.dtype.kind in "iub"


def cells(model: str, row: Row, runtimes: Sequence[str], peak: float) -> list[str]:
    """One line of the report. ``peak`` in FLOP/s."""
    found = [row.runtimes[name] for name in runtimes]
    medians = [f"{m.median_ms:.2f}" if not m.error else "failed" for m in found]
    ratios = [_ratio(row.speedup(name)) for name in runtimes if name != OURS]
    memory = [f"{m.peak_memory / 1e6:.0f}" if not m.error else "" for m in found]
    ours = row.ours
    if ours is None:
        return [model, *medians, *ratios, "", "", "", *memory, ""]
    share = "" if row.flops is None else f"{100 * row.flops / (peak * ours.median_ms * 1e-3):.0f}"
    return [model, *medians, *ratios, _best(row), share, f"{ours.load_s:.1f}", *memory, ours.difference]


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _best(row: Row) -> str:
    """Against the fastest peer, with its confidence interval."""
    if row.best is None:
        return ""
    low, high = interval(row.speedups(row.peers[0]))
    return f"{row.best:.2f} ({low:.2f} to {high:.2f})"


def report(rows: dict[str, Row], runtimes: Sequence[str], peak: float) -> str:
    """The table of all models with the geometric means of the ratios below it, and what failed."""
    peers = [name for name in runtimes if name != OURS]
    columns = [*(f"{name} ms" for name in runtimes), *(f"{name} / ours" for name in peers), "best peer / ours (95%)"]
    header = ["model", *columns, "% of peak", "load s", *(f"{name} MB" for name in runtimes), "difference"]
    means = [geometric_mean(s for row in rows.values() if (s := row.speedup(peer))) for peer in peers]
    best = geometric_mean(row.best for row in rows.values() if row.best)
    last = ["geometric mean", *[""] * len(runtimes), *map(_ratio, [*means, best])]
    last += [""] * (len(header) - len(last))
    text = table(header, [*(cells(model, row, runtimes, peak) for model, row in rows.items()), last])
    failures = [f"- {model}, {name}: {m.error}" for model, row in rows.items() for name, m in row.runtimes.items() if m.error]
    peak_line = f"FMA peak in this run: {peak / 1e9:.0f} GFLOP/s."
    return "\n".join([text, "", peak_line, *(["", "Failed:", *failures] if failures else [])])


def _thread_counts(_: click.Context, __: click.Parameter, value: str) -> list[int]:
    return [int(part) for part in value.split(",")]


@click.command(help=__doc__)
@click.argument("models", nargs=-1)
@click.option("--runtimes", default=lambda: ",".join(installed()), help="Which to compare, by comma; all installed ones.")
@click.option("--threads", default="1", show_default=True, callback=_thread_counts, help="Thread counts, by comma.")
@click.option("--runs", default=1, show_default=True, help="How often to begin again with new processes.")
@click.option("--rounds", default=6, show_default=True, help="Turns that each runtime gets in a run.")
@click.option("--seconds", default=0.4, show_default=True, help="Length of a turn.")
@click.option("--folder", default=INFLATED, show_default=True, type=click.Path(path_type=Path), help="Inflated models.")
def main(
    models: tuple[str, ...], runtimes: str, threads: list[int], runs: int, rounds: int, seconds: float, folder: Path
) -> None:
    chosen = runtimes.split(",")
    if unknown := set(chosen) - RUNTIMES.keys():
        raise click.BadParameter(f"unknown: {', '.join(unknown)}", param_hint="--runtimes")
    paths = model_paths(models or NETWORKS, folder)
    for count in threads:
        rows = {path.stem: Row({}, model_flops(path, feeds_for(path))) for path in paths}
        peak = count * measured_peak()
        for _ in range(runs):
            for path in paths:
                row = rows[path.stem]
                measure(path, chosen, count, rounds, seconds, row)
                medians = {name: m.error or f"{m.median_ms:.2f} ms" for name, m in row.runtimes.items()}
                click.echo(f"{path.stem}: {', '.join(f'{name} {text}' for name, text in medians.items())}", err=True)
        _publish(rows, chosen, count, peak)


def _publish(rows: dict[str, Row], runtimes: Sequence[str], threads: int, peak: float) -> None:
    """Print the table; write it, its data and its plot."""
    name = f"latency-{threads}"
    text = report(rows, runtimes, peak)
    click.echo(text)
    speedups = {model: row.best for model, row in rows.items() if row.best}
    if plot_speedups(speedups, f"{threads} thread(s): best peer's time / ours", RESULTS / f"{name}.svg"):
        text = f"![speed-ups]({name}.svg)\n\n{text}"
    data = {model: asdict(row) for model, row in rows.items()}
    click.echo(write(name, f"Latency, {threads} thread(s)", text, {"models": data}))


if __name__ == "__main__":
    main()
