"""Plots of results, where matplotlib (the `bench` extra) is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def plot_speedups(speedups: Mapping[str, float], title: str, path: Path) -> bool:
    """Horizontal bars of how many times faster than the best peer each model runs, as SVG. False without matplotlib."""
    if not speedups or find_spec("matplotlib") is None:
        return False
    matplotlib: Any = import_module("matplotlib")  # which has no complete types
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "tilewright"  # equal numbers give an equal file
    pyplot: Any = import_module("matplotlib.pyplot")
    names = sorted(speedups, key=speedups.__getitem__)
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.26 * len(names)), layout="constrained")
    bars = axes.barh(names, [speedups[name] for name in names], color="#3b6ea8")
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_title(title)
    axes.set_xlim(0, 1.1 * max(1.0, *speedups.values()))
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return True
