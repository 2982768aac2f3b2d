"""`lower-plan`: the host program's arithmetic becomes native functions over one table of words (`host_table.py`).

`tw_plan(dims, table)` runs once per new shape and writes what follows from the dims: the bytes of arena and scratch, the offset
of every arena buffer, the sizes, the parallel extent and the grain of every invocation. The session then adds base addresses to
the pointer words, and `tw_run(ctx, table)` calls the kernels; an invocation's piece of the table is what its kernel gets. Where
sizes depend on data, `tw_run` calls steps, `tw_step1(table)`, ... in between, which compute what has become known.

Where sizes that follow from the dims are more than any memory, the bytes of the arena are `TOO_LARGE`: the caller must not run.

All return 0, or `FAILED` with the number of a check: a size that can't be, an assumption that does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    i32,
    i64,
)
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ..dialects.graph.dims import DimExpr
from ..dialects.program import AllocOp, ProgramOp
from ..passes.arena import ALIGNMENT
from ..runtime.codes import FAILED, MAX_BYTES, PLAN, TOO_LARGE
from .builder import INDEX, Index, LoopBuilder
from .host_table import ARENA_WORD, SCRATCH_WORD, Step, Table, symbols_in
from .loop_types import flat_memref
from .size_limits import SizeLimit


@dataclass(frozen=True)
class LowerPlanPass(ModulePass):
    """Add `tw_plan` and the steps, in standard dialects; the program stays for `lower-run`."""

    name = "lower-plan"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs_of(op):
            table = Table(program)
            functions = [_plan(program, table), *(_step(step, table) for step in table.steps)]
            op.body.block.insert_ops_before(functions, program)


def programs_of(module: ModuleOp) -> list[ProgramOp]:
    """The host programs of a module."""
    return [op for op in module.ops if isinstance(op, ProgramOp)]


class _WordsBuilder(LoopBuilder):
    """A function that computes words of a table, its last argument, from symbols."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        words = flat_memref(i64)
        block = Block(arg_types=[words] * len(arguments))
        super().__init__(block)
        for argument, hint in zip(block.args, arguments, strict=True):
            argument.name_hint = hint
        self.table = block.args[-1]
        self.func = func.FuncOp(name, FunctionType.from_lists([words] * len(arguments), [i32]), Region(block))
        self._status: Index = 0

    def get(self, words: SSAValue, word: int) -> SSAValue:
        return self.op(arith.IndexCastOp, [self.load(words, [word])], INDEX)

    def put(self, word: int, value: Index) -> None:
        stored = self.const(value, i64) if isinstance(value, int) else self.op(arith.IndexCastOp, [value], i64)
        self.store(stored, self.table, [word])

    def _divide(self, cls: type[Operation], a: Index, b: Index) -> SSAValue:
        """Sizes may be 0 here whatever the program does with them later."""
        return self.pure(cls, [self.index(a), self.index(b if isinstance(b, int) else self.max(b, 1))], INDEX)

    def fail_if(self, condition: SSAValue, check: int) -> None:
        """Let the function return the number of a check; the last that fails counts."""
        self._status = self.select(condition, FAILED | check, self._status)

    def finish(self) -> func.FuncOp:
        status = self._status
        code = self.const(status, i32) if isinstance(status, int) else self.op(arith.IndexCastOp, [status], i32)
        self.block.add_op(func.ReturnOp(code))
        return self.func

    def compute(self, step: Step) -> None:
        """The words, checks and sizes of a step."""
        for word, expression in step.words:
            self.put(word, self.dim(expression))
        for expression, check in step.checks:
            self.fail_if(self.cmp("slt", self.dim(expression), 0), check)
        for dims, itemsize, word, check in step.reserves:
            self.put(word, self._bytes(dims, itemsize, check))

    def _bytes(self, dims: Sequence[DimExpr], itemsize: int, check: int) -> Index:
        """The product; fails where a dim is negative or the product is too large."""
        total: Index = itemsize
        for dim in dims:
            if dim.is_static and isinstance(total, int):
                total *= dim.value
                continue
            size = self.dim(dim)
            self.fail_if(self.cmp("slt", size, 0), check)
            beyond = self.cmp("sgt", total, self.floordiv(MAX_BYTES, self.max(size, 1)))
            self.fail_if(beyond, check)
            total = self.select(beyond, 0, self.mul(total, size))
        return total


def _plan(program: ProgramOp, table: Table) -> func.FuncOp:
    builder = _WordsBuilder(PLAN, ["dims", "table"])
    for position, symbol in enumerate(program.symbols):
        value = builder.get(builder.block.args[0], position)
        builder.bind_dim(DimExpr.symbol(symbol.data), value)
        builder.put(table.symbols[symbol.data], value)
    offsets = _slot_offsets(builder, program)
    builder.put(SCRATCH_WORD, _maximum(builder, table.plan.scratch))
    for word, value in table.pointers:
        owner = value.owner
        if isinstance(owner, AllocOp):
            builder.put(word, builder.add(offsets[owner.slot.value.data], owner.offset.value.data))
    builder.compute(table.plan)
    _limit(builder, table)
    return builder.finish()


def _limit(builder: _WordsBuilder, table: Table) -> None:
    """Let the arena be `TOO_LARGE` where sizes that follow from the inputs' dims can't be."""
    exceeded = SizeLimit(builder).exceeded(table.known_bytes)
    if exceeded is not None:
        builder.put(ARENA_WORD, builder.select(exceeded, TOO_LARGE, builder.get(builder.table, ARENA_WORD)))


def _step(step: Step, table: Table) -> func.FuncOp:
    builder = _WordsBuilder(step.name, ["table"])
    for symbol in symbols_in(step):
        builder.bind_dim(DimExpr.symbol(symbol), builder.get(builder.table, table.symbols[symbol]))
    if step.scratch:
        need, exceeded = _maximum(builder, step.scratch), SizeLimit(builder).exceeded(step.scratch)
        builder.put(step.need_word, need if exceeded is None else builder.select(exceeded, TOO_LARGE, need))
    builder.compute(step)
    return builder.finish()


def _slot_offsets(builder: _WordsBuilder, program: ProgramOp) -> dict[int, Index]:
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
