"""Layers of the zoo one by one, on one thread: tilewright beside onnxruntime and OpenVINO, as shares of the core's roof.

    python -m benchmarks.kernels [MODEL...] [--least 50]     the layers of networks
    python -m benchmarks.kernels --sweep 300 --seed 1        random shapes, and the cliffs among them

A layer is a MatMul or Conv of the network as a model of its own. Its roof is the lesser of the core's FMA peak and of the layer's
FLOPs a byte times the bandwidth of memory, both measured in the same run. FLOPs are those of the plain sums: Winograd convolution
may be above the roof. Times are the least CPU times of the process; the runtimes take turns. Writes results/kernels.md and .json.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.contraction import best
from benchmarks.layers import Layer, layers_of
from benchmarks.models import INFLATED, NETWORKS, model_paths
from benchmarks.peak import peak_loop, stream_loop
from benchmarks.report import geometric_mean, table, write
from benchmarks.runtimes import RUNTIMES, installed
from benchmarks.sweep import CLIFF, Found, Roof, cliffs, sweep
from tilewright.backends.targets import host_target

Times = dict[str, float]


def measure_roof(seconds: float) -> Roof:
    """Peak and bandwidth of this core."""
    (multiply, flops), (stream, size) = peak_loop(host_target()), stream_loop(host_target())
    return Roof(flops / best(multiply, seconds), size / best(stream, seconds))


def measure(layer: Layer, runtimes: list[str], rounds: int, seconds: float) -> Times:
    """The least CPU seconds of each runtime."""
    feeds = layer.feeds()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layer.onnx")
        path.write_bytes(layer.model().SerializeToString())
        calls = {name: RUNTIMES[name](path, dict(feeds), 1) for name in runtimes}
        times = dict.fromkeys(calls, float("inf"))
        for _ in range(rounds):
            for name, call in calls.items():
                times[name] = min(times[name], least_time(call, seconds))
    return times


def least_time(call: Callable[[], object], seconds: float) -> float:
    """The least CPU time of the process that a call took in about so many seconds."""
    call()
    shortest, end = float("inf"), time.perf_counter() + seconds
    while True:
        begin = time.process_time()
        call()
        shortest = min(shortest, time.process_time() - begin)
        if time.perf_counter() > end:
            return shortest


def report(found: Mapping[Layer, Times], roof: Roof) -> str:
    """A table for each class of layers, and the geometric means of the shares."""
    l2 = host_target().l2_bytes
    runtimes = list(next(iter(found.values())))
    header = ["layer", "MFLOP", f"{runtimes[0]} GFLOP/s", *runtimes, *(f"/ {peer}" for peer in runtimes[1:])]
    parts = [f"FMA peak {roof.flops / 1e9:.1f} GFLOP/s, memory {roof.bandwidth / 1e9:.1f} GB/s; shares are of the roof."]
    for kind in sorted({layer.kind(l2) for layer in found}):
        chosen = {layer: times for layer, times in found.items() if layer.kind(l2) == kind}
        parts.append(f"## {kind[0].upper()}{kind[1:]}\n\n{table(header, [*_rows(chosen, roof), _means(chosen, roof)])}")
    return "\n\n".join(parts)


def _rows(found: Mapping[Layer, Times], roof: Roof) -> list[list[str]]:
    return [_row(layer, times, roof) for layer, times in sorted(found.items(), key=lambda entry: -entry[0].flops)]


def _row(layer: Layer, times: Times, roof: Roof) -> list[str]:
    ours, *theirs = times.values()
    shares = [f"{share(layer, spent, roof):.0%}" for spent in times.values()]
    return [
        layer.name,
        f"{layer.flops / 1e6:.0f}",
        f"{layer.flops / ours / 1e9:.1f}",
        *shares,
        *(f"{ours / peer:.2f}" for peer in theirs),
    ]


def _means(found: Mapping[Layer, Times], roof: Roof) -> list[str]:
    names = list(next(iter(found.values())))
    shares = [geometric_mean(share(layer, times[name], roof) for layer, times in found.items()) for name in names]
    ratios = [geometric_mean(times[names[0]] / times[peer] for times in found.values()) for peer in names[1:]]
    return ["geometric mean", "", "", *(f"{one:.0%}" for one in shares), *(f"{one:.2f}" for one in ratios)]


def share(layer: Layer, seconds: float, roof: Roof) -> float:
    """How much of its roof a layer reaches."""
    return roof.seconds(layer.flops, layer.moved) / seconds


def sweep_report(found: list[Found]) -> str:
    """How the shares are spread, and the cliffs."""
    shares = sorted(one.share for one in found)
    tenths = ", ".join(f"{shares[len(shares) * part // 10]:.0%}" for part in (0, 1, 2, 5))
    header = ["shape", "share", "neighbours", "ms", "schedule"]
    rows = [
        [one.shape.name, f"{one.share:.0%}", f"{usual:.0%}", f"{1e3 * one.seconds:.3f}", one.schedule]
        for one, usual in cliffs(found)
    ]
    spread = f"{len(found)} shapes; shares of the roof: least, tenth, fifth, median {tenths}; mean {geometric_mean(shares):.0%}."
    return f"{spread}\n\nBelow {CLIFF:.0%} of their neighbours:\n\n{table(header, rows)}"


def say(text: str) -> None:
    """Progress."""
    click.echo(text, err=True)


@click.command(help=__doc__)
@click.argument("models", nargs=-1)
@click.option("--least", default=50.0, show_default=True, help="MFLOP of a layer.")
@click.option("--runtimes", default=lambda: ",".join(installed()), help="Which to compare, by comma; all installed ones.")
@click.option("--rounds", default=3, show_default=True, help="Turns that each runtime gets.")
@click.option("--seconds", default=0.05, show_default=True, help="Length of a turn.")
@click.option("--folder", default=INFLATED, show_default=True, type=click.Path(path_type=Path), help="Inflated models.")
@click.option("--sweep", "count", default=0, help="So many random shapes instead.")
@click.option("--seed", default=0, show_default=True, help="Of the random shapes.")
def main(
    models: tuple[str, ...], least: float, runtimes: str, rounds: int, seconds: float, folder: Path, count: int, seed: int
) -> None:
    roof = measure_roof(10 * seconds)
    if count:
        shapes = sweep(count, seed, host_target(), roof, seconds, say)
        text = sweep_report(shapes)
        data = {s.shape.name: {"seconds": s.seconds, "share": s.share, "schedule": s.schedule} for s in shapes}
        click.echo(text)
        click.echo(write("sweep", f"Random shapes, seed {seed}", text, {"roof": asdict(roof), "shapes": data}))
        return
    found: dict[Layer, Times] = {}
    networks = layers_of(model_paths(models or NETWORKS, folder), 1e6 * least)
    for layer in networks:
        found[layer] = measure(layer, runtimes.split(","), rounds, seconds)
        say(f"{layer.name}: {', '.join(f'{name} {1e3 * spent:.3f} ms' for name, spent in found[layer].items())}")
    text = report(found, roof)
    data = [{"layer": layer.name, "networks": ", ".join(networks[layer]), **times} for layer, times in found.items()]
    click.echo(text)
    click.echo(write("kernels", "Layers one by one, one thread", text, {"roof": asdict(roof), "layers": data}))


if __name__ == "__main__":
    main()
