"""What each kernel of a model takes, for ``tilewright bench --per-kernel``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from ..runtime.profile import LaunchTime, Profile
from ..runtime.session import Session
from .arrays import Arrays

LEAST_ROUNDS = 3


@dataclass
class KernelTime:
    """All launches of one kernel: their number, and seconds on one thread and on several."""

    launches: int = 0
    alone: float = 0.0
    shared: float = 0.0


def measure(session: Session, feeds: Arrays, threads: int, seconds: float) -> list[LaunchTime]:
    """The launches that ran, with the shortest times in about so many seconds."""
    profile = Profile(session, feeds)
    end, rounds = time.perf_counter() + seconds, 0
    while rounds < LEAST_ROUNDS or time.perf_counter() < end:
        for count in sorted({1, threads}):
            profile.run(count)
        rounds += 1
    return [one for one in profile.launches if one.seconds]


def by_kernel(launches: Sequence[LaunchTime], threads: int) -> dict[str, KernelTime]:
    """The kernels by name, the costliest first."""
    found: dict[str, KernelTime] = {}
    for one in launches:
        kernel = found.setdefault(one.launch.kernel, KernelTime())
        kernel.launches += 1
        kernel.alone += one.seconds[1]
        kernel.shared += one.seconds[threads]
    return dict(sorted(found.items(), key=lambda entry: -entry[1].alone))


def report(launches: Sequence[LaunchTime], threads: int) -> Table:
    """One row a kernel and the sum of all; efficiency is the share of an ideal speedup."""
    table = Table("kernel", "launches", "ms", "share", *([f"ms on {threads}", "efficiency"] if threads > 1 else []))
    kernels = by_kernel(launches, threads)
    alone, shared = (sum(getattr(kernel, name) for kernel in kernels.values()) for name in ("alone", "shared"))
    total = KernelTime(len(launches), alone, shared)
    for name, kernel in {**kernels, "all": total}.items():
        share = kernel.alone / max(alone, 1e-12)
        ideal = kernel.alone / threads / max(kernel.shared, 1e-12)
        split = [f"{1e3 * kernel.shared:.3f}", f"{ideal:.2f}"] if threads > 1 else []
        table.add_row(name, str(kernel.launches), f"{1e3 * kernel.alone:.3f}", f"{share:.1%}", *split)
    return table
