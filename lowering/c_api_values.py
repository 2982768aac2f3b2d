"""Constants of the C interface, what it needs of libc, and the steps that its functions have in common."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, VectorType, i8, i32, i64
from xdsl.ir import Attribute, SSAValue

from ..dialects.narrowing import dense
from ..runtime.native.code import POINTER, WORD_BYTES, FunctionBuilder
from .c_api_layout import ALIGNMENT, READY, STATE, ApiModel, Texts
from .c_api_ports import port_records

TABLE, PORTS, TEXT, TEXT_AT, MARK = "tw_api_table", "tw_api_ports", "tw_api_text", "tw_api_text_at", "tw_api_mark"
ARENA_WORDS, WEIGHT_WORDS, WEIGHT_OFFSETS = "tw_api_arena_words", "tw_api_weight_words", "tw_api_weight_offsets"


# -- constants ----------------------------------------------------------------------------------------------------------------
def constants(model: ApiModel) -> Iterator[llvm.GlobalOp]:
    """The tables that the functions read. Names and messages are offsets into one text, so that nothing needs relocation."""
    interface = model.interface
    text = bytearray(b"\0")

    def place(line: str) -> int:
        start = len(text)
        text.extend(line.encode() + b"\0")
        return start

    yield _words(PORTS, port_records(model, place))
    yield _words(TEXT_AT, [place(line) for line in Texts.of(interface).lines])
    place(model.version)
    yield _constant(TEXT, i8, [byte - 256 * (byte > 127) for byte in text])
    if model.table is not None:
        yield _words(TABLE, model.table.tolist())
    yield _words(ARENA_WORDS, [p.word for p in interface.pointers if p.kind == "arena"])
    used = [p for p in interface.pointers if p.kind == "weight"]
    yield _words(WEIGHT_WORDS, [p.word for p in used])
    yield _words(WEIGHT_OFFSETS, [model.weights.offsets[interface.weights[p.index]] for p in used])
    if not model.weights.embedded:
        yield _words(MARK, [int.from_bytes(model.weights.mark[i : i + 8], "little") for i in range(0, ALIGNMENT, WORD_BYTES)])
    elif model.weights.size:
        array = llvm.LLVMArrayType(model.weights.size, i8)
        yield llvm.GlobalOp(array, weights_symbol(model), "external", constant=True, alignment=ALIGNMENT)


def version_offset(model: ApiModel) -> int:
    """Where the version starts in the text: it is the last line."""
    lines = (*(spec.name for spec in model.ports), *Texts.of(model.interface).lines)
    return 1 + sum(len(line.encode()) + 1 for line in lines)


def weights_symbol(model: ApiModel) -> str:
    return f"{model.options.prefix}_weights_data"


def _words(name: str, values: Sequence[int]) -> llvm.GlobalOp:
    return _constant(name, i64, values or [0])


def _constant(name: str, element: IntegerType, values: Sequence[int]) -> llvm.GlobalOp:
    value = dense(VectorType(element, [len(values)]), values)
    array = llvm.LLVMArrayType(len(values), element)
    return llvm.GlobalOp(array, name, "internal", constant=True, value=value, alignment=WORD_BYTES)


# -- libc ---------------------------------------------------------------------------------------------------------------------
_MEMORY: dict[str, tuple[list[Attribute], Attribute | None]] = {"aligned_alloc": ([i64, i64], POINTER), "free": ([POINTER], None)}
_THREADS: dict[str, tuple[list[Attribute], Attribute | None]] = {
    "pthread_create": ([POINTER, POINTER, POINTER, POINTER], i32),
    "pthread_join": ([i64, POINTER], i32),
    "syscall": ([i64] * 7, i64),
}


def declarations(model: ApiModel) -> list[llvm.FuncOp]:
    """The functions of libc that the interface may call."""
    wanted = ({} if model.options.freestanding else _MEMORY) | (_THREADS if model.options.threads > 1 else {})
    external = llvm.LinkageAttr("external")
    return [llvm.FuncOp(name, llvm.LLVMFunctionType(*types), external) for name, types in wanted.items()]


# -- functions ----------------------------------------------------------------------------------------------------------------
def api_function(model: ApiModel, name: str, inputs: Sequence[Attribute], output: Attribute | None) -> FunctionBuilder:
    """A function that others may call, under the model's prefix."""
    return FunctionBuilder(f"{model.options.prefix}_{name}", inputs, output)


def address(f: FunctionBuilder, name: str) -> SSAValue:
    """The address of a function or constant."""
    return f.emit(llvm.AddressOfOp(name, POINTER))


def byte(f: FunctionBuilder, base: SSAValue, offset: SSAValue | int) -> SSAValue:
    """The address so many bytes on."""
    return f.emit(llvm.GEPOp.from_mixed_indices(base, [offset], i8, result_type=POINTER))


def null(f: FunctionBuilder) -> SSAValue:
    return f.pointer(f.const(0))


def free(f: FunctionBuilder, pointer: SSAValue) -> None:
    f.block.add_op(llvm.CallOp("free", pointer))


def is_null(f: FunctionBuilder, pointer: SSAValue) -> SSAValue:
    return f.compare("eq", f.address(pointer), 0)


def is_misplaced(f: FunctionBuilder, pointer: SSAValue) -> SSAValue:
    """Whether it is null, or not aligned to 64 bytes."""
    number = f.address(pointer)
    misaligned = f.compare("ne", f.op("and", number, ALIGNMENT - 1), 0)
    return f.op("or", misaligned, f.compare("eq", number, 0))


def refuse(f: FunctionBuilder, condition: SSAValue, code: int) -> None:
    """Return a code where the condition holds."""
    with f.when(condition):
        f.give(f.const(code, i32))


def refuse_unready(f: FunctionBuilder, workspace: SSAValue, code: int) -> None:
    """Return a code for a workspace that was never initialised, or moved since."""
    refuse(f, is_misplaced(f, workspace), code)
    refuse(f, f.compare("ne", f.load(f.word(workspace, STATE), i64), ready_mark(f, workspace)), code)


def ready_mark(f: FunctionBuilder, workspace: SSAValue) -> SSAValue:
    """What says that a workspace is initialised: of its address, for what was copied elsewhere is none."""
    return f.op("add", f.address(workspace), READY)


@contextmanager
def each(f: FunctionBuilder, count: int | SSAValue) -> Generator[SSAValue]:
    """What is emitted inside runs for every number below `count`."""
    turn, body, done = f.begin([i64]), f.begin(), f.begin()
    f.go(turn, f.const(0))
    f.block = turn
    (number,) = turn.args
    f.branch(f.compare("slt", number, count), body, done)
    f.block = body
    yield number
    f.go(turn, f.op("add", number, 1))
    f.block = done


def copy_words(f: FunctionBuilder, source: SSAValue, target: SSAValue, count: int) -> None:
    """Copy 64-bit words, without libc."""
    with each(f, count) as number:
        f.store(f.load(f.word(source, number), i64), f.word(target, number))


def clear_words(f: FunctionBuilder, target: SSAValue, count: int) -> None:
    with each(f, count) as number:
        f.store(f.const(0), f.word(target, number))
