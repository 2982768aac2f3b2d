"""What the C interface says about a model: its ports, its version, and what a status code means."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute, SSAValue

from ..runtime.codes import FAILED, MAX_BYTES, NO_MEMORY
from ..runtime.native.code import POINTER, FunctionBuilder
from .c_api_layout import BAD_WORKSPACE, LAST, ApiModel, Texts
from .c_api_names import PORT_FACTS, PORT_KINDS
from .c_api_ports import DIMS, DTYPE, ITEMSIZE, NAME, RANK, RECORD_WORDS
from .c_api_values import PORTS, TABLE, TEXT, TEXT_AT, address, api_function, byte, is_null, null, version_offset

BYTES = "tw_api_bytes"


def info_functions(model: ApiModel) -> Iterator[llvm.FuncOp]:
    """The functions that change nothing."""
    yield _bytes()
    for first, kind in zip((0, len(model.interface.inputs)), PORT_KINDS, strict=True):
        count = len(model.interface.inputs if kind == "input" else model.interface.outputs)
        for fact in PORT_FACTS:
            yield _port_function(model, f"{kind}_{fact}", fact, first, count)
    yield _result_shape(model)
    yield _error(model)
    yield _last_error(model)
    yield _version(model)


# -- ports --------------------------------------------------------------------------------------------------------------------
def _record(f: FunctionBuilder, port: SSAValue, word: int) -> SSAValue:
    return f.load(f.word(address(f, PORTS), f.op("add", f.op("mul", port, RECORD_WORDS), word)), i64)


def saturating_bytes(f: FunctionBuilder, port: SSAValue, table: SSAValue) -> SSAValue:
    """Bytes of a port's array; -1 where a dim is negative or there would be too many."""
    return f.call(BYTES, [port, table], i64)


def known_ports(model: ApiModel) -> list[int]:
    """The ports whose dims don't depend on a run."""
    outputs = len(model.interface.inputs)
    return [number for number in range(len(model.ports)) if number - outputs not in model.interface.grown_outputs]


def _bytes() -> llvm.FuncOp:
    """`i64 tw_api_bytes(i64 port, table*)`."""
    f = FunctionBuilder(BYTES, [i64, POINTER], i64, "internal")
    port, table = f.arguments
    dims, rank = _record(f, port, DIMS), _record(f, port, RANK)
    turn, body, done = f.begin([i64, i64]), f.begin(), f.begin()
    f.go(turn, f.const(0), _record(f, port, ITEMSIZE))
    f.block = turn
    axis, total = turn.args
    f.branch(f.compare("slt", axis, rank), body, done)
    f.block = body
    dim = f.load(f.word(table, f.op("add", dims, axis)), i64)
    with f.when(f.compare("slt", dim, 0)):
        f.give(f.const(-1))
    with f.when(f.compare("ugt", total, f.op("udiv", f.const(MAX_BYTES), f.most(dim, 1)))):
        f.give(f.const(-1))
    f.go(turn, f.op("add", axis, 1), f.op("mul", total, dim))
    f.block = done
    f.give(total)
    return f.finish()


_Fact = Callable[[FunctionBuilder, SSAValue, SSAValue], SSAValue]

_FACTS: dict[str, tuple[Attribute, int, _Fact]] = {
    "name": (POINTER, 0, lambda f, port, table: byte(f, address(f, TEXT), _record(f, port, NAME))),
    "dtype": (i32, -1, lambda f, port, table: f.low(_record(f, port, DTYPE))),
    "rank": (i32, -1, lambda f, port, table: f.low(_record(f, port, RANK))),
    "shape": (POINTER, 0, lambda f, port, table: f.word(table, _record(f, port, DIMS))),
    "bytes": (i64, 0, lambda f, port, table: f.most(saturating_bytes(f, port, table), 0)),
}
"""Result type, what a port that isn't there has, and the fact of one that is."""
_OF_A_PLAN = ("shape", "bytes")


def _port_function(model: ApiModel, name: str, fact: str, first: int, count: int) -> llvm.FuncOp:
    """A fact of a port by number; where dims are symbolic, shapes and bytes are those of a plan, the first argument."""
    result, missing, read = _FACTS[fact]
    planned = model.table is None and fact in _OF_A_PLAN
    f = api_function(model, name, [*([POINTER] if planned else []), i32], result)
    number = f.arguments[-1]
    with f.when(f.compare("uge", number, count)):
        f.give(null(f) if result == POINTER else f.const(missing, i32 if result == i32 else i64))
    table = f.arguments[0] if planned else null(f) if model.table is None else address(f, TABLE)
    f.give(read(f, f.op("add", f.wide(number), first), table))
    return f.finish()


def _result_shape(model: ApiModel) -> llvm.FuncOp:
    """`const int64_t *result_shape(const void *workspace, int32_t number)`: the shape that an output had in the last run."""
    f = api_function(model, "result_shape", [POINTER, i32], POINTER)
    workspace, number = f.arguments
    with f.when(f.compare("uge", number, len(model.interface.outputs))):
        f.give(null(f))
    dims = _record(f, f.op("add", f.wide(number), len(model.interface.inputs)), DIMS)
    f.give(f.word(f.word(workspace, model.workspace.table), dims))
    return f.finish()


# -- texts --------------------------------------------------------------------------------------------------------------------
def _error(model: ApiModel) -> llvm.FuncOp:
    """`const char *error(int32_t code)`: what a status code means; never null."""
    texts = Texts.of(model.interface)
    f = api_function(model, "error", [i32], POINTER)
    (code,) = f.arguments
    wide = f.wide(code)
    is_check = f.compare("ne", f.op("and", wide, FAILED), 0)
    numbers = {
        "api": (f.op("sub", f.const(1 << 32), wide), 0, texts.checks),
        "check": (f.op("and", wide, ~FAILED), texts.checks, texts.launches),
        "launch": (f.op("sub", f.op("lshr", wide, 16), 1), texts.launches, texts.no_memory),
    }
    found = {kind: _line(f, texts, *row) for kind, row in numbers.items()}
    index = f.select(f.compare("slt", code, 0), found["api"], f.select(is_check, found["check"], found["launch"]))
    for known, text in ((0, 0), (NO_MEMORY, texts.no_memory)):
        index = f.select(f.compare("eq", code, known), f.const(text), index)
    f.give(byte(f, address(f, TEXT), f.load(f.word(address(f, TEXT_AT), index), i64)))
    return f.finish()


def _line(f: FunctionBuilder, texts: Texts, number: SSAValue, start: int, end: int) -> SSAValue:
    """The index of the text of a number among those from `start` to `end`."""
    there = f.compare("ult", number, end - start)
    return f.select(there, f.op("add", number, start), f.const(texts.unknown))


def _last_error(model: ApiModel) -> llvm.FuncOp:
    """`const char *last_error(const void *workspace)`: what the last run in this workspace returned."""
    f = api_function(model, "last_error", [POINTER], POINTER)
    (workspace,) = f.arguments
    with f.when(is_null(f, workspace)):
        f.give(f.call(f"{model.options.prefix}_error", [f.const(BAD_WORKSPACE, i32)], POINTER))
    code = f.low(f.load(f.word(workspace, LAST), i64))
    f.give(f.call(f"{model.options.prefix}_error", [code], POINTER))
    return f.finish()


def _version(model: ApiModel) -> llvm.FuncOp:
    f = api_function(model, "version", [], POINTER)
    f.give(byte(f, address(f, TEXT), version_offset(model)))
    return f.finish()
