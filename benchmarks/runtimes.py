"""The runtimes that benchmarks compare, each behind the same call: ``load(path, feeds, threads)`` -> a function that runs once.

A runtime lives in a process of its own (``Worker``), so that neither its threads nor its memory disturb another's.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Feeds = dict[str, NDArray[Any]]
Outputs = list[NDArray[Any]]
Once = Callable[[], Outputs]

LOAD_SECONDS = 600.0
"""A runtime that needs longer than this to load a model is reported as failed."""


def load_tilewright(path: Path, feeds: Feeds, threads: int) -> Once:
    import tilewright

    session = tilewright.compile(path, threads=threads)
    return lambda: list(session.run(feeds).values())


def load_onnxruntime(path: Path, feeds: Feeds, threads: int) -> Once:
    from tilewright.cli.peers import onnxruntime_session

    session = onnxruntime_session(path, threads=threads)
    return lambda: session.run(None, feeds)


def load_openvino(path: Path, feeds: Feeds, threads: int) -> Once:
    """Shapes are pinned to those of ``feeds``, and arithmetic to float32: the same work as the others do."""
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    names = [next(name for name in port.get_names() if name in feeds) for port in model.inputs]
    model.reshape({name: feeds[name].shape for name in names})
    config: dict[str, object] = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
    }
    request = core.compile_model(model, "CPU", config).create_infer_request()
    inputs = {index: feeds[name] for index, name in enumerate(names)}

    def once() -> Outputs:
        request.infer(inputs, share_inputs=True)
        return [request.get_output_tensor(index).data for index in range(len(model.outputs))]

    return once


RUNTIMES: dict[str, Callable[[Path, Feeds, int], Once]] = {
    "tilewright": load_tilewright,
    "onnxruntime": load_onnxruntime,
    "openvino": load_openvino,
}


def installed() -> list[str]:
    """The runtimes that can be imported here."""
    return [name for name in RUNTIMES if find_spec(name)]


class Loaded(NamedTuple):
    """What a worker says when its model is ready."""

    seconds: float
    outputs: Outputs


class Turn(NamedTuple):
    """What a worker did in one turn."""

    times_s: list[float]
    peak_memory: int
    """Bytes that were resident at most since the process began (VmHWM of proc(5))."""


class Worker:
    """A process that holds one model in one runtime and times it when told to. RuntimeError where it can't load."""

    def __init__(self, runtime: str, path: Path, feeds: Feeds, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, runtime, path, feeds, threads), daemon=True)
        self._process.start()
        answer = self._pipe.recv() if self._pipe.poll(LOAD_SECONDS) else f"not loaded after {LOAD_SECONDS:.0f} s"
        if not isinstance(answer, Loaded):
            self.close()
            raise RuntimeError(answer)
        self.loaded = answer

    def time(self, seconds: float) -> Turn:
        """The runs that fit into ``seconds``; at least one."""
        self._pipe.send(seconds)
        return self._pipe.recv()

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection[Any, Any], runtime: str, path: Path, feeds: Feeds, threads: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        begin = time.perf_counter()
        once = RUNTIMES[runtime](path, feeds, threads)
        seconds = time.perf_counter() - begin
        pipe.send(Loaded(seconds, [np.array(output) for output in once()]))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    while True:
        budget = pipe.recv()
        times: list[float] = []
        while sum(times) < budget:
            begin = time.perf_counter()
            once()
            times.append(time.perf_counter() - begin)
        pipe.send(Turn(times, _peak_memory()))


def _peak_memory() -> int:
    """Not getrusage's: that is inherited from the process that started this one."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])
