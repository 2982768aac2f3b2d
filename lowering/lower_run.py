"""`lower-run`: the host program becomes `tw_run`, a sequence of kernel calls over the table that `lower_plan.py` describes.

It comes after the kernels are functions of the llvm dialect, whose calls refer to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, IntegerType, ModuleOp, StringAttr, i32, i64
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass

from ..dialects.graph.attrs import DimsAttr
from ..dialects.program import AllocOp, InputOp, OutputOp, ProgramOp, WeightOp
from ..errors import CompileError
from .lower_plan import Row, Table, programs_of

RUN = "tw_run"
KINDS = ("input", "output", "weight", "arena")


@dataclass(frozen=True)
class LowerRunPass(ModulePass):
    """`kernel.program` -> `tw_run`."""

    name = "lower-run"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs_of(op):
            op.body.block.insert_op_before(_run(program, Table.of(program)), program)
            program.detach()
            program.erase()


_PTR = llvm.LLVMPointerType()
KERNEL_TYPE = llvm.LLVMFunctionType([_PTR, _PTR, _PTR, _PTR, i64, i64], i32)


def _run(program: ProgramOp, table: Table) -> llvm.FuncOp:
    entry = Block(arg_types=[_PTR, _PTR])
    context, words = entry.args
    context.name_hint, words.name_hint = "ctx", "table"
    region = Region(entry)
    scratch = llvm.LoadOp(context, _PTR)
    entry.add_op(scratch)
    zero = _constant(entry, 0, i64)
    block = entry
    for index, row in enumerate(table.rows):
        block = _call(region, block, row, index, (context, words, scratch.results[0], zero))
    block.add_op(llvm.ReturnOp(_constant(block, 0, i32)))
    run = llvm.FuncOp(RUN, llvm.LLVMFunctionType([_PTR, _PTR], i32), llvm.LinkageAttr("external"), body=region)
    run.attributes["kernel.words"] = DenseArrayBase.from_list(i64, [table.words, table.facts_start])
    for name, attribute in _interface(program, table).items():
        run.attributes[f"kernel.{name}"] = attribute
    return run


def _call(region: Region, block: Block, row: Row, index: int, frame: tuple[SSAValue, SSAValue, SSAValue, SSAValue]) -> Block:
    """Call one kernel; on an error code leave with it. Returns the block that goes on."""
    context, words, scratch, zero = frame
    buffers, sizes = _word(block, words, row.start), _word(block, words, row.sizes_start)
    grid = llvm.LoadOp(_word(block, words, row.grid_word), i64)
    block.add_op(grid)
    name = row.invoke.callee.root_reference.data
    call = llvm.CallOp(name, context, buffers, sizes, scratch, zero, grid.results[0], return_type=i32)
    call.location = row.invoke.location
    block.add_op(call)
    assert call.returned is not None
    failed = llvm.ICmpOp(call.returned, _constant(block, 0, i32), _NOT_EQUAL)
    block.add_op(failed)
    failure, following = Block(), Block()
    region.add_block([failure, following])
    block.add_op(llvm.CondBrOp(failed.res, failure, [], following, []))
    coded = llvm.OrOp(call.returned, _constant(failure, (index + 1) << 16, i32))
    failure.add_ops([coded, llvm.ReturnOp(coded.res)])
    return following


_NOT_EQUAL = IntegerAttr(1, i64)


def _word(block: Block, words: SSAValue, index: int) -> SSAValue:
    gep = llvm.GEPOp(words, [index], i64, result_type=_PTR)
    block.add_op(gep)
    return gep.result


def _constant(block: Block, value: int, type_: IntegerType) -> SSAValue:
    op = llvm.ConstantOp(IntegerAttr(value, type_), type_)
    block.add_op(op)
    return op.result


# -- what the session must know ---------------------------------------------------------------------------------------
def _interface(program: ProgramOp, table: Table) -> dict[str, Attribute]:
    """Attributes of `tw_run`: the program's inputs and outputs, the pointer words, and per invocation its kernel and nodes."""
    pointers: list[int] = []
    weights: dict[str, int] = {}
    allocs = {op: i for i, op in enumerate(o for o in program.body.block.ops if isinstance(o, AllocOp))}
    for row in table.rows:
        for position, value in enumerate(row.invoke.buffers):
            kind, number = _pointer(value, weights, allocs)
            pointers += [row.start + position, KINDS.index(kind), number]
    return {
        "symbols": program.symbols,
        "input_names": program.input_names,
        "input_types": program.input_types,
        "output_names": program.output_names,
        "output_types": program.output_types,
        "assumptions": program.assumptions or DimsAttr(()),
        "pointers": DenseArrayBase.from_list(i64, pointers),
        "weights": ArrayAttr([StringAttr(k) for k in weights]),
        "kernels": ArrayAttr([StringAttr(row.invoke.callee.root_reference.data) for row in table.rows]),
        "rows": DenseArrayBase.from_list(i64, [w for row in table.rows for w in (row.start, row.sizes_start, row.grid_word)]),
    }


def _pointer(value: SSAValue, weights: dict[str, int], allocs: dict[AllocOp, int]) -> tuple[str, int]:
    match value.owner:
        case InputOp() as op:
            return "input", op.index.value.data
        case OutputOp() as op:
            return "output", op.index.value.data
        case WeightOp() as op:
            return "weight", weights.setdefault(op.value.key.data, len(weights))
        case AllocOp() as op:
            return "arena", allocs[op]
        case _:
            raise CompileError("a buffer comes from no input, output, weight or allocation", stage="lower-run")
