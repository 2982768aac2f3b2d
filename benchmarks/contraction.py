"""GFLOP/s of contraction kernels on one thread, beside the core's FMA peak measured in the same seconds.

python -m benchmarks.contraction                 the standard shapes
python -m benchmarks.contraction 128x768x3072    some M x K x N
python -m benchmarks.contraction --model resnet50    the kernels of a zoo model of static shape, the costliest first
python -m benchmarks.contraction --set mr=6 --set nr=64 1024x1024x1024    under a schedule of one's own
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from benchmarks.models import INFLATED, model_paths
from tilewright.backends.targets import TargetModel, get_target
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects import graph
from tilewright.dialects.graph.base import integer, ints
from tilewright.dialects.graph.dims import product
from tilewright.dialects.graph.types import dims_of, tensor, with_order
from tilewright.dialects.kernel import ScheduleAttr
from tilewright.lowering.builder import KernelBuilder
from tilewright.lowering.expand_math import ExpandMathPass
from tilewright.lowering.kernel_attrs import body_ops, kernels_of
from tilewright.lowering.native import NativeKernel, compile_kernel
from tilewright.lowering.rules import RULES
from tilewright.lowering.rules.contraction_analysis import analyse
from tilewright.lowering.rules.contraction_problem import Problem
from tilewright.passes.dedupe_kernels import structural_key

Array = NDArray[Any]
CHANNELS_LAST = [0, 2, 3, 1]


@dataclass(frozen=True)
class Shape:
    """A matmul M x K x N, or a convolution of kernel x kernel windows."""

    name: str
    m: int
    k: int
    n: int
    kernel: int = 1
    stride: int = 1
    size: int = 0

    @property
    def flops(self) -> float:
        return 2.0 * self.m * self.n * self.k * self.kernel**2

    def build(self) -> func.FuncOp:
        """Matmul or convolution with bias and relu."""
        return _matmul(self) if not self.size else _conv(self)


def matmul(text: str) -> Shape:
    m, k, n = map(int, text.split("x"))
    return Shape(text, m, k, n)


def conv(size: int, channels: int, outputs: int, kernel: int, stride: int = 1) -> Shape:
    out = (size + stride - 1) // stride
    name = f"conv {size}^2 {channels}->{outputs} {kernel}x{kernel}/{stride}"
    return Shape(name, out * out, channels, outputs, kernel, stride, size)


SIZES = "1024x1024x1024 128x768x768 128x768x3072 128x3072x768 197x768x768 1x768x3072 1x2048x1000"
MATMULS = [matmul(size) for size in SIZES.split()]
RESNET50 = [
    conv(224, 3, 64, 7, 2),
    conv(56, 64, 64, 1),
    conv(56, 64, 64, 3),
    conv(56, 64, 256, 1),
    conv(56, 256, 64, 1),
    conv(56, 256, 128, 1),
    conv(56, 128, 128, 3, 2),
    conv(28, 128, 512, 1),
    conv(56, 256, 512, 1, 2),
    conv(28, 512, 128, 1),
    conv(28, 128, 128, 3),
    conv(28, 512, 256, 1),
    conv(28, 256, 256, 3, 2),
    conv(14, 256, 1024, 1),
    conv(28, 512, 1024, 1, 2),
    conv(14, 1024, 256, 1),
    conv(14, 256, 256, 3),
    conv(14, 1024, 512, 1),
    conv(14, 512, 512, 3, 2),
    conv(7, 512, 2048, 1),
    conv(14, 1024, 2048, 1, 2),
    conv(7, 2048, 512, 1),
    conv(7, 512, 512, 3),
]


def _kernel(types: Sequence[Attribute], build: Callable[[Sequence[SSAValue]], Sequence[Operation]]) -> func.FuncOp:
    block = Block(arg_types=types)
    ops = build(block.args)
    block.add_ops([*ops, func.ReturnOp(ops[-1].results[0])])
    return func.FuncOp("tw_bench", FunctionType.from_lists(list(types), [ops[-1].results[0].type]), Region(block))


def _matmul(shape: Shape) -> func.FuncOp:
    def build(a: Sequence[SSAValue]) -> Sequence[Operation]:
        product = graph.MatmulOp(a[0], a[1])
        biased = graph.AddOp(product, a[2])
        return [product, biased, graph.ReluOp(biased)]

    return _kernel([tensor(f32, [shape.m, shape.k]), tensor(f32, [shape.k, shape.n]), tensor(f32, [shape.n])], build)


def _conv(shape: Shape) -> func.FuncOp:
    pads = [shape.kernel // 2] * 4

    def build(a: Sequence[SSAValue]) -> Sequence[Operation]:
        probe = graph.ConvOp(a[0], a[1], a[2], [shape.stride] * 2, pads)
        result_type = with_order(probe.result, CHANNELS_LAST)
        convolved = graph.ConvOp(a[0], a[1], a[2], [shape.stride] * 2, pads, result_type=result_type)
        return [convolved, graph.ReluOp(convolved)]

    x = tensor(f32, [1, shape.k, shape.size, shape.size], CHANNELS_LAST)
    return _kernel([x, tensor(f32, [shape.n, shape.k, shape.kernel, shape.kernel]), tensor(f32, [shape.n])], build)


# -- measuring -------------------------------------------------------------------------------------------------------------
def bound(kernel: NativeKernel, buffers: Sequence[Array], high: int, scratch: int) -> Callable[[], object]:
    """A call of the kernel on slices [0, high) without any set-up."""
    memory = aligned(scratch + 64)
    return kernel.bind(buffers, [], 0, high, memory)


def aligned(size: int) -> Array:
    """Zeroed bytes from a cache-line boundary on."""
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


def peak_kernel(target: TargetModel) -> tuple[Callable[[], object], float]:
    """Independent multiply-adds in registers, and how many FLOPs a call does."""
    lanes, chains, steps = target.lanes(32), min(target.vector_registers - 4, 24), 20000
    b = KernelBuilder("tw_peak", [f32, f32], [])
    x = b.vload(b.buffers[0], [0], lanes)

    def body(_: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
        return [b.fma(x, x, c) for c in carried]

    sums = b.for_(b.lo, b.hi, body, inits=[b.vload(b.buffers[0], [i], lanes) for i in range(chains)])
    for i, value in enumerate(sums):
        b.vstore(value, b.buffers[1], [i * lanes])
    kernel = compile_kernel(b.finish(), target)
    call = bound(kernel, [np.zeros(1024, np.float32), np.zeros(1024, np.float32)], steps, 0)
    return call, 2.0 * lanes * chains * steps


def best(call: Callable[[], object], seconds: float) -> float:
    """The shortest time of a call in about so many seconds."""
    shortest, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.thread_time()  # other processes' slices do not count
        call()
        shortest = min(shortest, time.thread_time() - start)
    return shortest


def prepare(
    kernel: func.FuncOp, target: TargetModel, overrides: dict[str, int]
) -> tuple[Callable[[], object], ScheduleAttr, float]:
    """A bound call of the kernel, its schedule, and the milliseconds of compiling it."""
    start = time.perf_counter()
    rule = next(r for r in RULES if r.schedule(kernel, target) is not None)
    schedule = rule.schedule(kernel, target)
    assert schedule is not None
    schedule = ScheduleAttr.of(rule.name, **({k: schedule[k] for k in schedule.params.data} | overrides))
    rule.pack(kernel, schedule)
    lowered = rule.lower(kernel, schedule, target)
    ExpandMathPass().apply(Context(), ModuleOp([lowered]))
    lowered.detach()
    native = compile_kernel(lowered, target)
    elapsed = (time.perf_counter() - start) * 1e3
    rng = np.random.default_rng(0)
    returned = kernel.body.block.last_op
    assert returned is not None
    buffers: list[Array] = []
    for value in (*kernel.body.block.args, returned.operands[0]):
        count = int(np.prod([d.value for d in dims_of(value)]))
        buffer = aligned(count * 4).view(np.float32)
        buffer[:] = rng.standard_normal(count)
        buffers.append(buffer)
    grid, scratch = rule.grid(kernel, schedule, target).value, rule.scratch(kernel, schedule, target).value
    return bound(native, buffers, grid, scratch), schedule, elapsed


# -- kernels of a model ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Work:
    """A kernel to measure, with the multiply-adds of the plain algorithm, and how often its model runs it."""

    name: str
    kernel: func.FuncOp
    flops: float
    launches: int = 1


def work_of(shape: Shape) -> Work:
    return Work(shape.name, shape.build(), shape.flops)


def work_of_model(name: str) -> list[Work]:
    """The contractions of a zoo model; equal kernels are one."""
    (path,) = model_paths([name], INFLATED)
    module = compile_to_ir(path, CompileOptions(until="kernels")).module
    found: dict[str, Work] = {}
    for kernel in kernels_of(module):
        problem = analyse(body_ops(kernel))
        if problem is not None:
            flops = 2.0 * product([*problem.batch, problem.row_count, problem.columns, problem.depth]).value
            key = structural_key(kernel)
            launches = found[key].launches + 1 if key in found else 1
            found[key] = Work(_described(problem), kernel.clone(), flops, launches)
    return sorted(found.values(), key=lambda w: -w.flops * w.launches)


def _described(problem: Problem) -> str:
    anchor = problem.anchor
    if not isinstance(anchor, graph.ConvOp):
        return "x".join(map(str, (problem.row_count, problem.depth, problem.columns)))
    outputs, channels, *window = dims_of(anchor.weight)
    image = "x".join(map(str, dims_of(anchor.x)[2:]))
    attributes = f"/{ints(anchor.strides)[0]} dilation {ints(anchor.dilations)[0]} group {integer(anchor.group)}"
    return f"conv {image} {channels}->{outputs} {'x'.join(map(str, window))}{attributes}".replace(" dilation 1", "").replace(
        " group 1", ""
    )


def main() -> None:
    """Print one line a shape."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", help="MxKxN; default: matmuls and the convolutions of resnet50")
    parser.add_argument("--model", help="a zoo model, instead of shapes")
    parser.add_argument("--target", default="host")
    parser.add_argument("--set", action="append", default=[], metavar="name=value", help="a schedule parameter")
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    target = get_target(options.target)
    overrides = {k: int(v) for k, v in (entry.split("=") for entry in options.set)}
    peak_call, peak_flops = peak_kernel(target)
    shares: list[float] = []
    total = 0.0
    works = work_of_model(options.model) if options.model else []
    for work in works or map(work_of, [matmul(s) for s in options.shapes] or [*MATMULS, *RESNET50]):
        call, schedule, elapsed = prepare(work.kernel, target, overrides)
        peak = peak_flops / best(peak_call, options.seconds / 4)
        seconds = best(call, options.seconds)
        total += seconds * work.launches
        speed = work.flops / seconds
        shares.append(speed / peak)
        block = " ".join(f"{k}={schedule[k]}" for k in schedule.params.data if k != "lanes")
        share = f"{work.launches} x {seconds * 1e3:7.3f} ms {speed / 1e9:7.1f} of {peak / 1e9:6.1f} GFLOP/s {speed / peak:5.0%}"
        print(f"{work.name:40} {share}  compiled in {elapsed:4.0f} ms  {schedule.kind.data} {block}", flush=True)
    print(f"mean share of peak {np.mean(shares):.0%}, all launches {total * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
