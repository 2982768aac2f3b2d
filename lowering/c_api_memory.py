"""`create`, `destroy`, `plan` and `workspace_bytes` of the C interface."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64

from ..runtime.codes import MAX_BYTES, PLAN
from ..runtime.native.code import POINTER
from . import c_api_layout as layout
from .c_api_info import known_ports, saturating_bytes
from .c_api_layout import ALIGNMENT, ApiModel
from .c_api_run import init_types, total_bytes
from .c_api_values import TABLE, address, api_function, clear_words, each, free, is_null, null, refuse
from .host_table import ARENA_WORD


def memory_functions(model: ApiModel) -> Iterator[llvm.FuncOp]:
    """What a caller needs to get a workspace."""
    yield _workspace_bytes(model)
    if model.table is None:
        yield _plan(model)
    if not model.options.freestanding:
        yield _create(model)
        yield _destroy(model)


def _workspace_bytes(model: ApiModel) -> llvm.FuncOp:
    """`size_t workspace_bytes()`, of a plan where there is one; 0 for a null plan."""
    f = api_function(model, "workspace_bytes", [] if model.table is not None else [POINTER], i64)
    if model.table is not None:
        f.give(total_bytes(f, model, address(f, TABLE)))
        return f.finish()
    (plan,) = f.arguments
    with f.when(is_null(f, plan)):
        f.give(f.const(0))
    f.give(total_bytes(f, model, plan))
    return f.finish()


def _create(model: ApiModel) -> llvm.FuncOp:
    """`void *create(...)`: what `init` takes from the third argument on; an initialised workspace, null where `init` fails."""
    types = init_types(model)[2:]
    f = api_function(model, "create", types, POINTER)
    arguments = list(f.arguments)
    source = arguments[0] if model.table is None else address(f, TABLE)
    if model.table is None:
        with f.when(is_null(f, source)):
            f.give(null(f))
    size = f.op("and", f.op("add", total_bytes(f, model, source), ALIGNMENT - 1), -ALIGNMENT)
    workspace = f.call("aligned_alloc", [f.const(ALIGNMENT), size], POINTER)
    with f.when(is_null(f, workspace)):
        f.give(workspace)
    f.store(f.const(0), f.word(workspace, layout.STATE))  # what was freed without `close` may come back as it was
    code = f.call(f"{model.options.prefix}_init", [workspace, size, *arguments], i32)
    with f.when(f.compare("ne", code, 0)):
        free(f, workspace)
        f.give(null(f))
    f.give(workspace)
    return f.finish()


def _destroy(model: ApiModel) -> llvm.FuncOp:
    """`void destroy(workspace)`: close and free what `create` gave; null is none."""
    f = api_function(model, "destroy", [POINTER], None)
    (workspace,) = f.arguments
    with f.when(f.compare("ne", f.address(workspace), 0)):
        f.call(f"{model.options.prefix}_close", [workspace], i32)
        free(f, workspace)
    f.block.add_op(llvm.ReturnOp())
    return f.finish()


def _plan(model: ApiModel) -> llvm.FuncOp:
    """`int32_t plan(const int64_t dims[], void *plan)`: what `tw_plan` computes, once the dims are known to be possible."""
    f = api_function(model, "plan", [POINTER, POINTER], i32)
    dims, plan = f.arguments
    for given in (dims, plan):
        refuse(f, is_null(f, given), layout.NULL_ARGUMENT)
    with each(f, len(model.interface.symbols)) as number:
        refuse(f, f.compare("slt", f.load(f.word(dims, number), i64), 0), layout.BAD_DIMS)
    clear_words(f, plan, model.interface.words)
    code = f.call(PLAN, [dims, plan], i32)
    with f.when(f.compare("ne", code, 0)):
        f.give(code)
    arena = f.load(f.word(plan, ARENA_WORD), i64)
    refuse(f, f.compare("sgt", arena, MAX_BYTES), layout.BAD_DIMS)
    for number in known_ports(model):
        refuse(f, f.compare("slt", saturating_bytes(f, f.const(number), plan), 0), layout.BAD_DIMS)
    start = model.interface.facts_start + sum(len(spec.dims) for spec in model.ports)
    with each(f, len(model.interface.assumptions)) as number:
        fact = f.load(f.word(plan, f.op("add", number, start)), i64)
        refuse(f, f.compare("slt", fact, 0), layout.BAD_DIMS)
    for word in model.unknown_words:
        f.store(f.const(-1), f.word(plan, word))
    f.give(f.const(0, i32))
    return f.finish()
