"""`lower-host`: the host program becomes two native functions, `tw_plan` and `tw_run`, around one table of 64-bit words.

`tw_plan(dims, table)` runs once per new shape. It writes what depends on the dims: the bytes of arena and scratch, the offset
of every arena buffer, the sizes and the parallel extent of every invocation. The session then adds base addresses to the
pointer words, and `tw_run(ctx, table)` is a plain sequence of calls; an invocation's piece of the table is what its kernel gets:

    word 0            bytes of the arena
    word 1            bytes of scratch
    then per invocation: one pointer per buffer, one word per size, one word for the parallel extent
    then facts: the dims of every input and output, in order, and the bytes of every arena buffer

Which pointer word belongs to which input, output, weight or arena piece is the `kernel.pointers` attribute of `tw_run`. A
kernel that returns a code other than 0 stops the run: `tw_run` returns its index + 1 in the upper and the code in the lower
16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import arith, func, llvm
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FunctionType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.types import dims_of
from ..dialects.program import AllocOp, InputOp, InvokeOp, OutputOp, ProgramOp, WeightOp
from ..errors import CompileError
from ..passes.arena import ALIGNMENT
from .builder import INDEX, Index, LoopBuilder
from .loop_types import flat_memref

ARENA_WORD, SCRATCH_WORD, HEADER_WORDS = 0, 1, 2
KINDS = ("input", "output", "weight", "arena")
PLAN, RUN = "tw_plan", "tw_run"


@dataclass(frozen=True)
class LowerHostPass(ModulePass):
    """`kernel.program` -> `tw_plan` (standard dialects) and `tw_run` (llvm dialect)."""

    name = "lower-host"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in [p for p in op.ops if isinstance(p, ProgramOp)]:
            table = _Table.of(program)
            plan, run = _plan(program, table), _run(program, table)
            op.body.block.insert_ops_before([plan, run], program)
            program.detach()
            program.erase()


@dataclass(frozen=True)
class _Row:
    """The words of one invocation."""

    invoke: InvokeOp
    start: int

    @property
    def sizes_start(self) -> int:
        return self.start + len(self.invoke.buffers)

    @property
    def grid_word(self) -> int:
        return self.sizes_start + len(self.invoke.sizes.data)


@dataclass
class _Table:
    rows: list[_Row] = field(default_factory=list[_Row])
    facts: list[DimExpr] = field(default_factory=list[DimExpr])
    facts_start: int = HEADER_WORDS

    @property
    def words(self) -> int:
        return self.facts_start + len(self.facts)

    @staticmethod
    def of(program: ProgramOp) -> _Table:
        table = _Table()
        for op in program.body.block.ops:
            if isinstance(op, InvokeOp):
                row = _Row(op, table.facts_start)
                table.rows.append(row)
                table.facts_start = row.grid_word + 1
        types = [*program.input_types, *program.output_types]
        table.facts = [d for t in types for d in dims_of(t)]
        table.facts += [op.bytes.data for op in program.body.block.ops if isinstance(op, AllocOp)]
        return table


# -- tw_plan ----------------------------------------------------------------------------------------------------------
class _PlanBuilder(LoopBuilder):
    """Emits the words of the table from the input dims."""

    def __init__(self, symbols: Sequence[str]) -> None:
        words = flat_memref(i64)
        block = Block(arg_types=[words, words])
        super().__init__(block)
        self.dims, self.table = block.args
        self.dims.name_hint, self.table.name_hint = "dims", "table"
        self.func = func.FuncOp(PLAN, FunctionType.from_lists([words, words], [i32]), Region(block))
        for position, symbol in enumerate(symbols):
            loaded = self.load(self.dims, [position])
            self.bind_dim(DimExpr.symbol(symbol), self.op(arith.IndexCastOp, [loaded], INDEX))

    def put(self, word: int, value: Index) -> None:
        stored = self.const(value, i64) if isinstance(value, int) else self.op(arith.IndexCastOp, [value], i64)
        self.store(stored, self.table, [word])


def _plan(program: ProgramOp, table: _Table) -> func.FuncOp:
    builder = _PlanBuilder([s.data for s in program.symbols])
    offsets = _slot_offsets(builder, program)
    builder.put(SCRATCH_WORD, _maximum(builder, [row.invoke.scratch.data for row in table.rows]))
    for row in table.rows:
        for position, value in enumerate(row.invoke.buffers):
            owner = value.owner
            offset = builder.add(offsets[owner.slot.value.data], owner.offset.value.data) if isinstance(owner, AllocOp) else 0
            builder.put(row.start + position, offset)
        for position, size in enumerate(row.invoke.sizes.data):
            builder.put(row.sizes_start + position, builder.dim(size))
        builder.put(row.grid_word, builder.dim(row.invoke.grid.data))
    for position, fact in enumerate(table.facts):
        builder.put(table.facts_start + position, builder.dim(fact))
    builder.block.add_op(func.ReturnOp(builder.const(0, i32)))
    return builder.func


def _slot_offsets(builder: _PlanBuilder, program: ProgramOp) -> dict[int, Index]:
    """Where each slot starts; writes the arena's size."""
    members: dict[int, dict[DimExpr, None]] = {}
    for op in program.body.block.ops:
        if isinstance(op, AllocOp):
            members.setdefault(op.slot.value.data, {})[op.bytes.data + op.offset.value.data] = None
    offsets: dict[int, Index] = {}
    total: Index = 0
    for slot in sorted(members):
        offsets[slot] = total
        size = builder.max(_maximum(builder, list(members[slot])), 1)
        total = builder.add(total, builder.mul(builder.ceildiv(size, ALIGNMENT), ALIGNMENT))
    builder.put(ARENA_WORD, total)
    return offsets


def _maximum(builder: LoopBuilder, sizes: Sequence[DimExpr]) -> Index:
    static = max((s.value for s in sizes if s.is_static), default=0)
    total: Index = static
    for size in dict.fromkeys(s for s in sizes if not s.is_static):
        total = builder.max(total, builder.dim(size))
    return total


# -- tw_run -----------------------------------------------------------------------------------------------------------
_PTR = llvm.LLVMPointerType()
KERNEL_TYPE = llvm.LLVMFunctionType([_PTR, _PTR, _PTR, _PTR, i64, i64], i32)


def _run(program: ProgramOp, table: _Table) -> llvm.FuncOp:
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


def _call(region: Region, block: Block, row: _Row, index: int, frame: tuple[SSAValue, SSAValue, SSAValue, SSAValue]) -> Block:
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
def _interface(program: ProgramOp, table: _Table) -> dict[str, Attribute]:
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
            raise CompileError("a buffer comes from no input, output, weight or allocation", stage="lower-host")
