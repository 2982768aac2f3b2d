"""How the host program runs a kernel: in the calling thread, or by the thread pool where the kernel is large enough.

    i32 tw_launch(ctx*, kernel*, bufs*, sizes*, i64 grid, i64 grain)

A kernel's grid is split into pieces of `grain` or more. A piece of the grain costs about what it costs to hand work to another
thread, so a grid of up to one grain isn't split.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from ..dialects.graph.dims import DimExpr
from ..dialects.program import InvokeOp
from ..runtime.codes import POOL, SCRATCH
from ..runtime.native.code import POINTER, FunctionBuilder
from ..runtime.native.layout import RUN
from .host_builder import HostBuilder

LAUNCH = "tw_launch"
GRAIN_CYCLES = 4000
"""What a dispatch to threads that are awake costs, measured: one to two microseconds until the last of them is back."""
NEVER = (1 << 62) - 1
"""The grain of a kernel whose cost nobody knows: it runs in the calling thread."""


def grain(invoke: InvokeOp) -> DimExpr:
    """The piece of the grid that takes `GRAIN_CYCLES`, at least 1."""
    if invoke.cost is None:
        return DimExpr.of(NEVER)
    cost = invoke.cost.data.max(1)
    return (invoke.grid.data * GRAIN_CYCLES).ceildiv(cost).max(1)


def launch_kernel(h: HostBuilder, invoke: InvokeOp, arguments: Sequence[SSAValue]) -> SSAValue:
    """Call `tw_launch` to run a kernel on (bufs, sizes, grid, grain); the kernel's code."""
    address = llvm.AddressOfOp.create(properties={"global_name": invoke.callee}, result_types=[POINTER])
    return h.call(LAUNCH, [h.context, h.emit(address), *arguments], invoke.location)


def launch_function() -> llvm.FuncOp:
    """`tw_launch`."""
    f = FunctionBuilder(LAUNCH, [POINTER, POINTER, POINTER, POINTER, i64, i64], i32)
    context, kernel, buffers, sizes, grid, piece = f.arguments
    pool = f.load(f.word(context, POOL), i64)
    split = f.both(f.compare("ne", pool, f.const(0)), f.compare("sgt", grid, piece))
    with f.when(split):
        run = f.load(f.word(f.pointer(pool), RUN), POINTER)
        f.give(f.call(run, [context, kernel, buffers, sizes, grid, piece], i32))
    scratch = f.load(f.word(context, SCRATCH), POINTER)
    f.give(f.call(kernel, [context, buffers, sizes, scratch, f.const(0), grid], i32))
    return f.finish()
