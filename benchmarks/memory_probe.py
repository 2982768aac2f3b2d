"""Memory of one model in one runtime, measured in a process of its own.

    python -m benchmarks.memory_probe RUNTIME MODEL FEEDS.npz

Loads MODEL (for tilewright a compiled one), runs it a few times on one thread, and prints a row of JSON. Imports nothing but the
runtime and numpy, so that nothing else is counted.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Feeds = dict[str, Any]
RUNS = 3


def status() -> dict[str, int]:
    """Sizes in /proc/self/status, in bytes."""
    rows = re.findall(r"^(\w+):\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return {name: int(size) << 10 for name, size in rows}


def load_tilewright(path: str) -> Callable[[Feeds], object]:
    import tilewright

    return tilewright.load(path, threads=1).run


def load_onnxruntime(path: str) -> Callable[[Feeds], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, feeds)


LOADERS = {"tilewright": load_tilewright, "onnxruntime": load_onnxruntime}


def measure(runtime: str, path: str, feeds: Feeds) -> dict[str, float]:
    """Peak and final resident memory, what of it is no file's, and the seconds until the first result."""
    start = status()["VmRSS"]
    begin = time.perf_counter()
    run = LOADERS[runtime](path)
    loaded = time.perf_counter()
    run(feeds)
    first = time.perf_counter()
    for _ in range(RUNS):
        run(feeds)
    end = status()
    return {
        "start": start,
        "peak": end["VmHWM"],
        "resident": end["VmRSS"],
        "anonymous": end["RssAnon"],
        "load_s": loaded - begin,
        "first_s": first - loaded,
        "run_s": (time.perf_counter() - first) / RUNS,
    }


if __name__ == "__main__":
    _runtime, _path, _feeds = sys.argv[1:]
    print(json.dumps(measure(_runtime, _path, dict(np.load(_feeds, allow_pickle=False)))))
