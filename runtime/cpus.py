"""How many processors this process may use: its affinity, bounded by the quota of its control groups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import ceil, inf
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_PROC = Path("/proc/self")
_UNLIMITED = inf


def available_cpus() -> int:
    """Processors in the affinity mask, but no more than the quota pays for, rounded up; at least 1."""
    return max(1, min(len(os.sched_getaffinity(0)), ceil(min(cgroup_quota(), 1 << 20))))


def cgroup_quota(proc: Path = _PROC) -> float:
    """The processors that the control groups of a process grant, infinite where none is limited; fractions are common.

    Reads `cpu.max` (version 2) or `cpu.cfs_quota_us` and `cpu.cfs_period_us` (version 1) of the process's group and of every
    group around it: the tightest counts.
    """
    return min((_quota(folder) for mount in _cpu_mounts(proc) for folder in _groups(mount, proc)), default=_UNLIMITED)


class _Mount(NamedTuple):
    """Where a hierarchy with the cpu controller is mounted, and the group in it that is the mount's root."""

    folder: Path
    root: PurePosixPath
    version: int


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _cpu_mounts(proc: Path) -> Iterator[_Mount]:
    """Rows of /proc/self/mountinfo, see proc(5): `36 35 98:0 ROOT FOLDER options [tags] - TYPE source OPTIONS`."""
    for line in _lines(proc / "mountinfo"):
        before, _, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        if len(fields) < 5 or not rest:
            continue
        is_cpu = rest[0] == "cgroup" and "cpu" in rest[-1].split(",")
        if is_cpu or rest[0] == "cgroup2":
            yield _Mount(Path(fields[4]), PurePosixPath(fields[3]), 1 if is_cpu else 2)


def _group(version: int, proc: Path) -> PurePosixPath | None:
    """The process's group: a row `NUMBER:CONTROLLERS:PATH` of /proc/self/cgroup, without controllers in version 2."""
    for line in _lines(proc / "cgroup"):
        number, controllers, path = ([*line.split(":", 2), "", ""])[:3]
        if "cpu" in controllers.split(",") if version == 1 else number == "0" and not controllers:
            return PurePosixPath(path)
    return None


def _groups(mount: _Mount, proc: Path) -> Iterator[Path]:
    """Folders of the process's group and of the groups around it, up to the mount."""
    group = _group(mount.version, proc)
    if group is None:
        return
    try:
        below = group.relative_to(mount.root)
    except ValueError:  # mounted from elsewhere, as in a container: what is visible is the group itself
        below = PurePosixPath()
    if ".." in below.parts:
        return
    while True:
        yield mount.folder / below
        if below == PurePosixPath():
            return
        below = below.parent


def _quota(folder: Path) -> float:
    try:
        words = _lines(folder / "cpu.max")
        if words:
            quota, period = words[0].split()
            return _UNLIMITED if quota == "max" else int(quota) / int(period)
        quota, period = (int(_lines(folder / f"cpu.cfs_{name}_us")[0]) for name in ("quota", "period"))
        return _UNLIMITED if quota <= 0 else quota / period
    except (IndexError, ValueError, ZeroDivisionError):
        return _UNLIMITED
