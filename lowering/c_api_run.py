"""`init`, `plan`, `workspace_bytes`, `run` and `close` of the C interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute, SSAValue

from ..runtime.codes import GROW, POOL, RUN, SCRATCH, SCRATCHES, SLOTS, THREADS
from ..runtime.native import layout as pool_layout
from ..runtime.native import pool as pool_code
from ..runtime.native.code import POINTER, FunctionBuilder
from ..runtime.pool import WORKER_SIGNALS, WORKER_SPINS
from . import c_api_layout as layout
from .c_api_grow import GROW_FUNCTION, free_grown
from .c_api_layout import ALIGNMENT, CONTEXT, LEAST_SCRATCH, ApiModel
from .c_api_values import (
    ARENA_WORDS,
    MARK,
    TABLE,
    WEIGHT_OFFSETS,
    WEIGHT_WORDS,
    address,
    api_function,
    byte,
    clear_words,
    copy_words,
    each,
    is_misplaced,
    is_null,
    null,
    ready_mark,
    refuse,
    refuse_unready,
    weights_symbol,
)
from .host_table import ARENA_WORD, SCRATCH_WORD


def run_functions(model: ApiModel) -> Iterator[llvm.FuncOp]:
    """The functions around a run."""
    yield _init(model)
    yield _run(model)
    yield _close(model)


# -- sizes --------------------------------------------------------------------------------------------------------------------
def scratch_stride(f: FunctionBuilder, model: ApiModel, table: SSAValue) -> SSAValue:
    """Bytes of scratch memory of one thread."""
    if model.table is not None:
        return f.const(model.workspace.stride)
    size = f.most(f.load(f.word(table, SCRATCH_WORD), i64), LEAST_SCRATCH)
    return f.op("and", f.op("add", size, ALIGNMENT - 1), -ALIGNMENT)


def total_bytes(f: FunctionBuilder, model: ApiModel, table: SSAValue) -> SSAValue:
    """Bytes of a workspace."""
    if model.table is not None:
        return f.const(model.workspace.total)
    scratch = f.op("mul", scratch_stride(f, model, table), model.options.threads)
    return f.op("add", f.op("add", scratch, model.workspace.scratch), f.load(f.word(table, ARENA_WORD), i64))


# -- init ---------------------------------------------------------------------------------------------------------------------
def init_types(model: ApiModel) -> list[Attribute]:
    """(workspace, bytes), then the plan of a model with symbolic dims, then the weights of a file and their bytes."""
    plan = [] if model.table is not None else [POINTER]
    weights = [] if model.options.embed_weights else [POINTER, i64]
    return [POINTER, i64, *plan, *weights]


def _init(model: ApiModel) -> llvm.FuncOp:
    f = api_function(model, "init", init_types(model), i32)
    workspace, size, *rest = f.arguments
    refuse(f, is_misplaced(f, workspace), layout.BAD_WORKSPACE)
    if model.table is None:
        source = rest.pop(0)
        refuse(f, is_null(f, source), layout.NULL_ARGUMENT)
    else:
        source = address(f, TABLE)
    refuse(f, f.compare("ult", size, total_bytes(f, model, source)), layout.SMALL_WORKSPACE)
    if model.options.threads > 1 or model.grows:
        state = f.load(f.word(workspace, layout.STATE), i64)
        refuse(f, f.compare("eq", state, ready_mark(f, workspace)), layout.IN_USE)
    weights = _weights(f, model, rest)
    place = model.workspace
    clear_words(f, workspace, place.table)
    table = f.word(workspace, place.table)
    copy_words(f, source, table, model.interface.words)
    arena = _fill_context(f, model, workspace, scratch_stride(f, model, table))
    _rebase(f, model, table, arena, weights)
    f.store(f.address(weights), f.word(workspace, layout.WEIGHTS))
    f.store(ready_mark(f, workspace), f.word(workspace, layout.STATE))
    f.give(f.const(0, i32))
    return f.finish()


def _weights(f: FunctionBuilder, model: ApiModel, given: Sequence[SSAValue]) -> SSAValue:
    """The first byte of the weights, once it is sure that they are this model's."""
    if model.options.embed_weights:
        return address(f, weights_symbol(model)) if model.weights.size else null(f)
    base, size = given
    refuse(f, is_misplaced(f, base), layout.BAD_WEIGHTS)
    refuse(f, f.compare("ult", size, ALIGNMENT + model.weights.size), layout.BAD_WEIGHTS)
    mark = address(f, MARK)
    with each(f, ALIGNMENT // layout.WORD_BYTES) as number:
        wanted, found = (f.load(f.word(words, number), i64) for words in (mark, base))
        refuse(f, f.compare("ne", wanted, found), layout.BAD_WEIGHTS)
    return byte(f, base, ALIGNMENT)


def _fill_context(f: FunctionBuilder, model: ApiModel, workspace: SSAValue, stride: SSAValue) -> SSAValue:
    """Write the context, the addresses of scratch memory, slots and pool; the address of the arena."""
    place, threads = model.workspace, model.options.threads
    base, scratches = f.address(byte(f, workspace, place.scratch)), f.word(workspace, place.scratches)
    with each(f, threads) as number:
        f.store(f.op("add", base, f.op("mul", number, stride)), f.word(scratches, number))
    words = {
        SCRATCH: base,
        GROW: address(f, GROW_FUNCTION),
        SLOTS: f.word(workspace, place.slots),
        THREADS: f.const(threads),
        SCRATCHES: scratches,
    }
    if threads > 1:
        words[POOL] = _fill_pool(f, f.word(workspace, place.pool))
    for word, value in words.items():
        f.store(value, f.word(workspace, CONTEXT + word))
    for slot, (start, size) in enumerate(zip(place.slot_memory, model.slot_bytes, strict=True)):
        f.store(null(f) if size < 0 else byte(f, workspace, start), f.word(workspace, place.slots + 2 * slot))
        f.store(f.const(size), f.word(workspace, place.slots + 2 * slot + 1))
    return f.op("add", base, f.op("mul", stride, threads))


def _fill_pool(f: FunctionBuilder, pool: SSAValue) -> SSAValue:
    for word, name in (
        (pool_layout.RUN, pool_code.RUN),
        (pool_layout.WORKER, pool_code.WORKER),
        (pool_layout.PTHREAD_CREATE, "pthread_create"),
        (pool_layout.SYSCALL, "syscall"),
    ):
        f.store(address(f, name), f.word(pool, word))
    f.store(f.const(WORKER_SPINS), f.word(pool, pool_layout.SPINS))
    f.store(f.const(WORKER_SIGNALS), f.word(pool, pool_layout.SIGNALS))
    return pool


def _rebase(f: FunctionBuilder, model: ApiModel, table: SSAValue, arena: SSAValue, weights: SSAValue) -> None:
    """Turn offsets in the arena and among the weights into addresses."""
    kinds = [p.kind for p in model.interface.pointers]
    words = address(f, ARENA_WORDS)
    with each(f, kinds.count("arena")) as number:
        target = f.word(table, f.load(f.word(words, number), i64))
        f.store(f.op("add", f.load(target, i64), arena), target)
    words, offsets, base = address(f, WEIGHT_WORDS), address(f, WEIGHT_OFFSETS), f.address(weights)
    with each(f, kinds.count("weight")) as number:
        target = f.word(table, f.load(f.word(words, number), i64))
        f.store(f.op("add", f.load(f.word(offsets, number), i64), base), target)


# -- run ----------------------------------------------------------------------------------------------------------------------
def _run(model: ApiModel) -> llvm.FuncOp:
    f = api_function(model, "run", [POINTER] * (1 + len(model.ports)), i32)
    workspace, *given = f.arguments
    refuse_unready(f, workspace, layout.NOT_READY)
    table = f.word(workspace, model.workspace.table)
    count = len(model.interface.inputs)
    arrays = {"input": _inputs(f, model, workspace, given[:count]), "output": given[count:]}
    grown = model.interface.grown_outputs
    for number, array in enumerate([*arrays["input"], *arrays["output"]]):
        if 0 not in model.ports[number].dims and number - count not in grown:
            _refuse_null(f, workspace, array)
    for pointer in model.interface.pointers:
        if pointer.kind in arrays:
            f.store(arrays[pointer.kind][pointer.index], f.word(table, pointer.word))
    code = f.call(RUN, [f.word(workspace, CONTEXT), table], i32)
    f.store(f.wide(code), f.word(workspace, layout.LAST))
    for number, word in grown.items():
        place = arrays["output"][number]
        with f.when(f.both(f.compare("eq", code, 0), f.compare("ne", f.address(place), 0))):
            f.store(f.load(f.word(table, word), POINTER), place)
    f.give(code)
    return f.finish()


def _inputs(f: FunctionBuilder, model: ApiModel, workspace: SSAValue, given: Sequence[SSAValue]) -> list[SSAValue]:
    """The arrays of inputs: for one that has a default and is null, the default."""
    weights = f.load(f.word(workspace, layout.WEIGHTS), POINTER)
    found: list[SSAValue] = []
    for spec, array in zip(model.interface.inputs, given, strict=True):
        if spec.default is None:
            found.append(array)
        else:
            found.append(f.select(is_null(f, array), byte(f, weights, model.weights.offsets[spec.default]), array))
    return found


def _refuse_null(f: FunctionBuilder, workspace: SSAValue, array: SSAValue) -> None:
    with f.when(is_null(f, array)):
        code = f.const(layout.NULL_ARGUMENT, i32)
        f.store(f.wide(code), f.word(workspace, layout.LAST))
        f.give(code)


def _close(model: ApiModel) -> llvm.FuncOp:
    """End the threads and free what has grown; the workspace may be freed or initialised again."""
    f = api_function(model, "close", [POINTER], i32)
    (workspace,) = f.arguments
    refuse_unready(f, workspace, layout.NOT_READY)
    if model.options.threads > 1:
        f.call(pool_code.STOP, [f.word(workspace, model.workspace.pool)], i32)
    if model.grows:
        free_grown(f, model, workspace)
    f.store(f.const(0), f.word(workspace, layout.STATE))
    f.give(f.const(0, i32))
    return f.finish()
