"""Memory that grows during a run of ahead-of-time code: of libc, kept by the workspace until it is closed."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ..runtime.codes import SCRATCH, SCRATCH_SLOT
from ..runtime.native.code import POINTER, WORD_BYTES, FunctionBuilder
from .c_api_layout import ALIGNMENT, CONTEXT, LEAST_SCRATCH, SCRATCH_BLOCK, ApiModel
from .c_api_values import each, free, is_null, null
from .host_table import SCRATCH_WORD

GROW_FUNCTION = "tw_api_grow"
_SCRATCH_FUNCTION = "tw_api_grow_scratch"


def grow_functions(model: ApiModel) -> Iterator[llvm.FuncOp]:
    """What `tw_run` calls where a slot or scratch memory is too small."""
    yield _grow(model)
    if model.grows:
        yield _grow_scratch(model)


def free_grown(f: FunctionBuilder, model: ApiModel, workspace: SSAValue) -> None:
    """Give back what has grown."""
    free(f, f.load(f.word(workspace, SCRATCH_BLOCK), POINTER))
    for slot, size in enumerate(model.slot_bytes):
        if size < 0:
            free(f, f.load(f.word(workspace, model.workspace.slots + 2 * slot), POINTER))


def _rounded(f: FunctionBuilder, size: SSAValue) -> SSAValue:
    return f.op("and", f.op("add", size, ALIGNMENT - 1), -ALIGNMENT)


def _grow(model: ApiModel) -> llvm.FuncOp:
    """`ptr tw_api_grow(ctx*, i64 slot, i64 bytes)`: the slot's address once it has so many bytes, what was in it kept.

    Null where there is no memory, and for a slot that has all it can need from the start.
    """
    f = FunctionBuilder(GROW_FUNCTION, [POINTER, i64, i64], POINTER, "internal")
    context, slot, size = f.arguments
    if not model.grows:
        f.give(null(f))
        return f.finish()
    workspace = f.word(context, -CONTEXT)
    with f.when(f.compare("eq", slot, SCRATCH_SLOT)):
        f.give(f.call(_SCRATCH_FUNCTION, [workspace, size], POINTER))
    for bounded in (number for number, most in enumerate(model.slot_bytes) if most >= 0):
        with f.when(f.compare("eq", slot, bounded)):
            f.give(null(f))
    entry = f.word(f.word(workspace, model.workspace.slots), f.op("mul", slot, 2))
    old, room = f.load(entry, POINTER), f.most(f.load(f.word(entry, 1), i64), 0)
    capacity = _rounded(f, f.most(f.most(size, f.op("mul", room, 2)), ALIGNMENT))
    fresh = f.call("aligned_alloc", [f.const(ALIGNMENT), capacity], POINTER)
    with f.when(is_null(f, fresh)):
        f.give(fresh)
    with each(f, f.op("udiv", room, WORD_BYTES)) as number:
        f.store(f.load(f.word(old, number), i64), f.word(fresh, number))
    free(f, old)
    f.store(fresh, entry)
    f.store(capacity, f.word(entry, 1))
    f.give(fresh)
    return f.finish()


def _grow_scratch(model: ApiModel) -> llvm.FuncOp:
    """`ptr tw_api_grow_scratch(workspace*, i64 bytes)`: every thread's scratch memory, anew; the calling thread's address."""
    f = FunctionBuilder(_SCRATCH_FUNCTION, [POINTER, i64], POINTER, "internal")
    workspace, size = f.arguments
    place, threads = model.workspace, model.options.threads
    stride = _rounded(f, f.most(size, LEAST_SCRATCH))
    block = f.call("aligned_alloc", [f.const(ALIGNMENT), f.op("mul", stride, threads)], POINTER)
    with f.when(is_null(f, block)):
        f.give(block)
    kept = f.word(workspace, SCRATCH_BLOCK)
    free(f, f.load(kept, POINTER))
    f.store(block, kept)
    base = f.address(block)
    with each(f, threads) as number:
        f.store(f.op("add", base, f.op("mul", number, stride)), f.word(f.word(workspace, place.scratches), number))
    f.store(block, f.word(workspace, CONTEXT + SCRATCH))
    f.store(size, f.word(workspace, place.table + SCRATCH_WORD))
    f.give(block)
    return f.finish()
