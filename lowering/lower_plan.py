"""`lower-plan`: the host program becomes native functions, `tw_plan` here and `tw_run` later, around one table of 64-bit words.

`tw_plan(dims, table)` runs once per new shape. It writes what depends on the dims: the bytes of arena and scratch, the offset
of every arena buffer, the sizes and the parallel extent of every invocation. The session then adds base addresses to the
pointer words, and `tw_run(ctx, table)` is a plain sequence of calls; an invocation's piece of the table is what its kernel gets:

    word 0            bytes of the arena
    word 1            bytes of scratch
    then per invocation: one pointer per buffer, one word per size, one word for the parallel extent
    then facts: the dims of every input and output, the assumptions, and the bytes of every arena buffer

Which pointer word belongs to which input, output, weight or arena piece is the `kernel.pointers` attribute of `tw_run`. A
kernel that returns a code other than 0 stops the run: `tw_run` returns its index + 1 in the upper and the code in the lower
16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import arith, func
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    i32,
    i64,
)
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.types import dims_of
from ..dialects.program import AllocOp, InvokeOp, ProgramOp
from ..passes.arena import ALIGNMENT
from .builder import INDEX, Index, LoopBuilder
from .loop_types import flat_memref

ARENA_WORD, SCRATCH_WORD, HEADER_WORDS = 0, 1, 2
PLAN = "tw_plan"


@dataclass(frozen=True)
class LowerPlanPass(ModulePass):
    """Add `tw_plan`, in standard dialects; the program stays for `lower-run`."""

    name = "lower-plan"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs_of(op):
            op.body.block.insert_op_before(_plan(program, Table.of(program)), program)


def programs_of(module: ModuleOp) -> list[ProgramOp]:
    """The host programs of a module."""
    return [op for op in module.ops if isinstance(op, ProgramOp)]


@dataclass(frozen=True)
class Row:
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
class Table:
    """Which words of the table belong to what."""

    rows: list[Row] = field(default_factory=list[Row])
    facts: list[DimExpr] = field(default_factory=list[DimExpr])
    facts_start: int = HEADER_WORDS

    @property
    def words(self) -> int:
        return self.facts_start + len(self.facts)

    @staticmethod
    def of(program: ProgramOp) -> Table:
        table = Table()
        for op in program.body.block.ops:
            if isinstance(op, InvokeOp):
                row = Row(op, table.facts_start)
                table.rows.append(row)
                table.facts_start = row.grid_word + 1
        types = [*program.input_types, *program.output_types]
        table.facts = [d for t in types for d in dims_of(t)]
        table.facts += program.assumptions.data if program.assumptions else ()
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


def _plan(program: ProgramOp, table: Table) -> func.FuncOp:
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
