"""Processors that a process may use, from control groups as Linux shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import inf
from pathlib import Path

import pytest

from tilewright.runtime import cpus
from tilewright.runtime.cpus import available_cpus, cgroup_quota

Files = Mapping[str, str]

V2 = {"proc/cgroup": "0::/outer/inner\n", "proc/mountinfo": "31 23 0:28 / {root}/v2 rw,relatime - cgroup2 cgroup2 rw\n"}
V1 = {
    "proc/cgroup": "9:name=systemd:/\n3:cpu,cpuacct:/outer/inner\n0::/\n",
    "proc/mountinfo": "31 23 0:28 / {root}/v1 rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n30 23 0:2 / / rw - ext4 /dev/sda rw\n",
}
CONTAINER = {
    "proc/cgroup": "0::/docker/abc\n",
    "proc/mountinfo": "31 23 0:28 /docker/abc {root}/v2 ro,relatime - cgroup2 cgroup2 rw\n",
}


def proc(root: Path, files: Files) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{root}", str(root)))
    return root / "proc"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (V2 | {"v2/outer/inner/cpu.max": "150000 100000\n"}, 1.5),
        (V2 | {"v2/outer/inner/cpu.max": "max 100000\n", "v2/outer/cpu.max": "300000 100000\n"}, 3),
        (V2 | {"v2/outer/inner/cpu.max": "800000 100000\n", "v2/outer/cpu.max": "50000 100000\n"}, 0.5),
        (V2, inf),
        (V2 | {"v2/outer/inner/cpu.max": "nonsense\n"}, inf),
        (CONTAINER | {"v2/cpu.max": "200000 100000\n"}, 2),
        (V1 | {"v1/outer/inner/cpu.cfs_quota_us": "250000\n", "v1/outer/inner/cpu.cfs_period_us": "100000\n"}, 2.5),
        (V1 | {"v1/outer/inner/cpu.cfs_quota_us": "-1\n", "v1/outer/inner/cpu.cfs_period_us": "100000\n"}, inf),
        (V1 | {"v1/cpu.cfs_quota_us": "400000\n", "v1/cpu.cfs_period_us": "100000\n"}, 4),
        ({}, inf),
        ({"proc/mountinfo": "what\n - \n1 2 3 4 5 - cgroup2\n", "proc/cgroup": "0\n::\n"}, inf),
    ],
)
def test_the_tightest_quota_counts(tmp_path: Path, files: Files, expected: float) -> None:
    assert cgroup_quota(proc(tmp_path, files)) == expected


@pytest.mark.parametrize(("affinity", "quota", "expected"), [(8, inf, 8), (8, 2.5, 3), (2, 4.0, 2), (8, 0.2, 1)])
def test_affinity_and_quota(monkeypatch: pytest.MonkeyPatch, affinity: int, quota: float, expected: int) -> None:
    def mask(pid: int) -> set[int]:
        return set(range(affinity))

    monkeypatch.setattr(os, "sched_getaffinity", mask)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: quota)
    assert available_cpus() == expected
