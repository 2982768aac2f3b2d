"""The FMA peak of one core, measured with a loop that the backend generates: independent multiply-adds in registers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from tilewright.backends.targets import TargetModel, host_target
from tilewright.lowering.builder import KernelBuilder
from tilewright.lowering.native import compile_kernel

STEPS = 20_000
_SPARE_REGISTERS = 4
_MAX_CHAINS = 24


def peak_loop(target: TargetModel) -> tuple[Callable[[], object], float]:
    """A call that does nothing but float32 multiply-adds, and how many FLOPs it does."""
    lanes, chains = target.lanes(32), min(target.vector_registers - _SPARE_REGISTERS, _MAX_CHAINS)
    builder = KernelBuilder("tw_peak", [f32, f32], [])
    x = builder.vload(builder.buffers[0], [0], lanes)

    def body(_: SSAValue, sums: Sequence[SSAValue]) -> list[SSAValue]:
        return [builder.fma(x, x, value) for value in sums]

    start = [builder.vload(builder.buffers[0], [index], lanes) for index in range(chains)]
    for index, value in enumerate(builder.for_(builder.lo, builder.hi, body, inits=start)):
        builder.vstore(value, builder.buffers[1], [index * lanes])
    kernel = compile_kernel(builder.finish(), target)
    buffers = [np.zeros(lanes + chains, np.float32), np.zeros(lanes * chains, np.float32)]
    return kernel.bind(buffers, [], 0, STEPS, np.zeros(64, np.uint8)), 2.0 * lanes * chains * STEPS


def measured_peak(repeats: int = 7) -> float:
    """FLOP/s of one core: the best of some runs of `peak_loop`."""
    loop, flops = peak_loop(host_target())
    loop()
    best = math.inf
    for _ in range(repeats):
        begin = time.perf_counter()
        loop()
        best = min(best, time.perf_counter() - begin)
    return flops / best


STREAM_BYTES = 96 << 20
"""More than any cache of a core holds."""
_STREAMS = 8


def stream_loop(target: TargetModel) -> tuple[Callable[[], object], float]:
    """A call that does nothing but read memory in order, and how many bytes it reads."""
    lanes = target.lanes(32)
    step = lanes * _STREAMS
    builder = KernelBuilder("tw_stream", [f32, f32], [])

    def body(index: SSAValue, sums: Sequence[SSAValue]) -> list[SSAValue]:
        at = builder.mul(index, step)
        loaded = [builder.vload(builder.buffers[0], [builder.add(at, i * lanes)], lanes) for i in range(_STREAMS)]
        return [builder.addf(value, total) for value, total in zip(loaded, sums, strict=True)]

    start = [builder.vload(builder.buffers[1], [index * lanes], lanes) for index in range(_STREAMS)]
    for index, value in enumerate(builder.for_(builder.lo, builder.hi, body, inits=start)):
        builder.vstore(value, builder.buffers[1], [index * lanes])
    kernel = compile_kernel(builder.finish(), target)
    buffers = [np.ones(STREAM_BYTES // 4, np.float32), np.zeros(step, np.float32)]
    return kernel.bind(buffers, [], 0, STREAM_BYTES // 4 // step, np.zeros(64, np.uint8)), float(STREAM_BYTES)
