"""Memory of compiled models beside onnxruntime's: load the model, run it on one thread.

    python -m benchmarks.memory [MODEL...]

MODEL is a file or the name of a zoo model. Each runtime measures itself in a process of its own (`memory_probe.py`): tilewright
on the compiled model, which an earlier process wrote. Peak is the largest resident memory until then (VmHWM), of which "mapped"
at the end were pages of files, which the system can drop and processes share. A bare process with numpy takes "start". Loading
includes the runtime's import.
Writes results/memory.md and .json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from benchmarks.memory_probe import LOADERS
from benchmarks.models import INFLATED, feeds_for, model_paths
from benchmarks.report import table, write

MODELS = ("resnet50", "vgg16", "mobilenet_v2", "bert_base")
Row = dict[str, float]


def measure(path: Path, folder: Path) -> dict[str, Row]:
    """What each runtime says of the model, and the sizes of its two files."""
    compiled, feeds = folder / f"{path.stem}.tw", folder / "feeds.npz"
    command = [sys.executable, "-m", "tilewright.cli.main", "compile", str(path), "-o", str(compiled)]
    subprocess.run(command, check=True, capture_output=True)
    np.savez(feeds, allow_pickle=False, **feeds_for(path))
    files = {"tilewright": compiled, "onnxruntime": path}
    rows = {runtime: probe(runtime, files[runtime], feeds) | {"file": files[runtime].stat().st_size} for runtime in LOADERS}
    compiled.unlink()
    return rows


def probe(runtime: str, path: Path, feeds: Path) -> Row:
    """One measurement, after one that brings the file into the page cache."""
    command = [sys.executable, "-m", "benchmarks.memory_probe", runtime, str(path), str(feeds)]
    outputs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    return json.loads(outputs[-1])


def rows_of(model: str, runtimes: dict[str, Row]) -> list[list[str]]:
    """One row a runtime, sizes in MB."""
    found: list[list[str]] = []
    for runtime, row in runtimes.items():
        sizes = [row["file"], row["start"], row["peak"], row["resident"], row["resident"] - row["anonymous"]]
        times = [row["load_s"], row["first_s"], row["run_s"]]
        found.append([model, runtime, *(f"{size / 1e6:.0f}" for size in sizes), *(f"{1e3 * t:.0f}" for t in times)])
    return found


@click.command()
@click.argument("models", nargs=-1)
@click.option("--folder", type=click.Path(path_type=Path), default=INFLATED, help="Where zoo models are inflated to.")
def main(models: tuple[str, ...], folder: Path) -> None:
    """Measure MODELS, by default four networks of the zoo."""
    rows: dict[str, dict[str, Row]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in model_paths(models or MODELS, folder):
            rows[path.stem] = measure(path, Path(scratch))
            click.echo("\n".join("  ".join(row) for row in rows_of(path.stem, rows[path.stem])))
    head = [
        "model",
        "runtime",
        "file MB",
        "start MB",
        "peak MB",
        "end MB",
        "of it mapped MB",
        "load ms",
        "first run ms",
        "run ms",
    ]
    text = table(head, [row for model in rows for row in rows_of(model, rows[model])])
    click.echo(f"wrote {write('memory', 'Memory of a process that loads a model and runs it', text, rows)}")


if __name__ == "__main__":
    main()
