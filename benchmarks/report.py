"""Where a benchmark's numbers come from and where they go: the machine, the versions, a Markdown table and JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_PACKAGES = ("xdsl", "llvmlite", "numpy", "onnx", "onnxruntime", "openvino")


def environment() -> dict[str, str]:
    """Machine, versions, revision and date, as the header of a report states them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    revision = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": subprocess.run(revision, capture_output=True, text=True).stdout.strip(),
        "processor": f"{model}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name))),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def geometric_mean(values: Iterable[float]) -> float:
    """NaN where there are none."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose first column is left-aligned and whose others are right-aligned."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def write(name: str, title: str, text: str, data: Mapping[str, Any]) -> Path:
    """Write results/NAME.md and results/NAME.json, both with the environment; return the former's path."""
    where = environment()
    header = "\n".join(f"- {key}: {value}" for key, value in where.items())
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    path.write_text(f"# {title}\n\n{header}\n\n{text}\n")
    path.with_suffix(".json").write_text(json.dumps({"environment": where, **data}, indent=1) + "\n")
    return path
