"""The table of 64-bit words that a run of the host program works on: which word belongs to what, and when it is computed.

    word 0            bytes of the arena
    word 1            bytes of scratch
    symbols           one word each: those of the inputs' dims, then those that get their values during the run
    per invocation    one pointer per buffer, one word per size, one for the parallel extent, one for the grain
    per reservation   its bytes; and wherever code must know where a buffer is, its address
    facts             the dims of every input and output, the assumptions about inputs, the bytes of every arena buffer

What follows from the inputs' dims is computed once per shape, by `tw_plan`. What depends on other symbols is computed by steps:
functions that `tw_run` calls where new symbols have got their values. A segment is a stretch of the program in which no symbol
changes; its step computes the words of all its ops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.hints import isa

from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.host import is_object
from ..dialects.graph.location import location_of
from ..dialects.graph.types import dims_of, element_of
from ..dialects.program import AllocOp, InputOp, InvokeOp, OutputOp, ProgramOp, WeightOp
from ..dialects.program_control import BindOp, IfOp, LoopOp, ReserveOp, YieldOp, texts
from ..dialects.program_host import HostCallOp, MoveOp, UnboxOp
from ..dialects.program_types import ASSUMPTION_NODES
from ..runtime.executable import Check
from .launch import grain

ARENA_WORD, SCRATCH_WORD, HEADER_WORDS = 0, 1, 2
STEP = "tw_step"
"""What the names of steps begin with."""
STATIC = (InputOp, OutputOp, WeightOp, AllocOp)
"""Buffers whose addresses the session knows before the run."""


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

    @property
    def grain_word(self) -> int:
        return self.grid_word + 1


@dataclass
class Step:
    """What is computed where a segment begins.

    Attributes:
        words: expressions by the word that they go to.
        scratch: bytes of scratch that invocations need.
        checks: (expression, number of the check): it must not be negative.
        reserves: bytes go to a word, if the dims are sizes that can be; (dims, bytes of an element, word, number of the check).
        need_word: where the scratch that is needed goes.
        attached: whether it is known which op it runs before.
    """

    name: str
    words: list[tuple[int, DimExpr]] = field(default_factory=list[tuple[int, DimExpr]])
    scratch: list[DimExpr] = field(default_factory=list[DimExpr])
    checks: list[tuple[DimExpr, int]] = field(default_factory=list[tuple[DimExpr, int]])
    reserves: list[tuple[tuple[DimExpr, ...], int, int, int]] = field(
        default_factory=list[tuple[tuple[DimExpr, ...], int, int, int]]
    )
    need_word: int = -1
    attached: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.scratch or self.checks or self.reserves)


class Table:
    """The layout for one program.

    Attributes:
        symbols: the word of every symbol, in order of words.
        rows: the invocations in program order.
        plan: what `tw_plan` computes.
        steps: the steps that are not empty.
        step_at: the step that runs before an op.
        places: the word that holds the address of a buffer.
        bytes: the word that holds the size of a reservation.
        decisions: the word of an expression that decides where control goes, by op and name.
        last: the step that runs at the end of the program, if it has one.
        calls: the number of every call to the host.
        operand_dims: the words of the dims of the buffers that a node on the host reads.
        first_bytes: the word that holds the size of the first piece of a loop.
        failures: the number of the check that an op makes itself.
        facts: the expressions of the facts.
        assumed: those among them that are assumptions about the inputs' dims.
        checks: what can fail, by number.
    """

    def __init__(self, program: ProgramOp) -> None:
        self.program = program
        self.words = HEADER_WORDS
        self.inputs = frozenset(s.data for s in program.symbols)
        self.symbols: dict[str, int] = {}
        self.rows: list[Row] = []
        self.plan = Step("tw_plan", attached=True)
        self.step_at: dict[Operation, Step] = {}
        self.places: dict[SSAValue, int] = {}
        self.bytes: dict[ReserveOp, int] = {}
        self.calls: dict[Operation, int] = {}
        self.operand_dims: dict[HostCallOp, list[list[int]]] = {}
        self.first_bytes: dict[ReserveOp, int] = {}
        self.failures: dict[Operation, int] = {}
        self.decisions: dict[tuple[Operation, str], int] = {}
        self.checks: list[Check] = []
        for name in [*(s.data for s in program.symbols), *_bound(program.body.block)]:
            self.symbols.setdefault(name, self._new())
        self._known = set(self.inputs)
        self._waiting = list(program.assumptions.data) if program.assumptions else []
        self._needed_by = dict(zip(self._waiting, _assumption_nodes(program), strict=False))
        self._count = 0
        self._steps: list[Step] = []
        self.assumed = [a for a in self._waiting if a.symbols <= self.inputs]
        self._waiting = [a for a in self._waiting if not a.symbols <= self.inputs]
        last = self._block(program.body.block, self.plan)
        self.last = None if last.attached else last
        self.facts_start = self.words
        types = [t for t in (*program.input_types, *program.output_types) if not is_object(t)]
        allocs = [op.bytes.data for op in program.body.block.ops if isinstance(op, AllocOp)]
        self.facts = [*(d for t in types for d in dims_of(t)), *self.assumed, *allocs]
        for position, fact in enumerate(self.facts):
            self._put(self.facts_start + position, fact, last)
        self.words += len(self.facts)

    @property
    def steps(self) -> list[Step]:
        return [step for step in self._steps if not step.is_empty]

    @property
    def known_bytes(self) -> list[DimExpr]:
        """Bytes of memory whose size follows from the inputs' dims: of buffers in the arena, scratch and outputs."""
        program = self.program
        outputs = [t for t in program.output_types if not is_object(t)]
        results = [product(dims_of(t)) * numpy_dtype(element_of(t)).itemsize for t in outputs]
        allocs = [op.bytes.data for op in program.body.block.ops if isinstance(op, AllocOp)]
        return [size for size in (*allocs, *self.plan.scratch, *results) if size.symbols <= self.inputs]

    @property
    def slots(self) -> int:
        """How many slots grow during a run."""
        found = [op.slot.value.data for op in self.bytes]
        found += [op.slot.value.data for op in self.calls if isinstance(op, UnboxOp)]
        found += [s.value for op in self.program.walk() if isinstance(op, LoopOp) for s in op.slots.data]
        return max(found, default=-1) + 1

    @property
    def pointers(self) -> Iterator[tuple[int, SSAValue]]:
        """The words that the session fills with addresses it knows, and whose."""
        for row in self.rows:
            yield from ((row.start + i, b) for i, b in enumerate(row.invoke.buffers) if isinstance(b.owner, STATIC))
        yield from ((word, b) for b, word in self.places.items() if isinstance(b.owner, STATIC))

    # -- layout -------------------------------------------------------------------------------------------------------
    def _new(self, count: int = 1) -> int:
        self.words += count
        return self.words - count

    def _segment(self) -> Step:
        self._count += 1
        step = Step(f"{STEP}{self._count}")
        step.need_word = self._new()
        self._steps.append(step)
        for assumption in [a for a in self._waiting if a.symbols <= self._known]:
            self._waiting.remove(assumption)
            step.checks.append((assumption, self._number(self.assumption(assumption, " does not hold"))))
        return step

    def assumption(self, expression: DimExpr, verdict: str = "") -> Check:
        """What import took for granted, with the nodes that need it."""
        return Check(f"{expression} >= 0{verdict}", self._needed_by.get(expression, ()))

    def _check(self, text: str, op: Operation) -> int:
        return self._number(Check(text, location_of(op)))

    def _number(self, check: Check) -> int:
        self.checks.append(check)
        return len(self.checks) - 1

    def _put(self, word: int, expression: DimExpr, step: Step) -> None:
        chosen = self.plan if expression.symbols <= self.inputs else step
        chosen.words.append((word, expression))

    def _block(self, block: Block, step: Step) -> Step:
        """Lay out the ops of a block; the segment at its end."""
        for op in block.ops:
            if not step.attached:
                self.step_at[op], step.attached = step, True
            match op:
                case InvokeOp():
                    self._invoke(op, step)
                case ReserveOp():
                    self._reserve(op, step)
                case BindOp():
                    self._place(op.buffer)
                    self.failures[op] = self._check("a size is negative", op)
                    self._known |= set(texts(op.symbols))
                    step = self._segment()
                case HostCallOp():
                    self._host_call(op, step)
                case UnboxOp():
                    self._place(op.result)
                    self.calls[op] = len(self.calls)
                    self._known |= set(texts(op.symbols))
                    step = self._segment()
                case MoveOp():
                    self.calls[op] = len(self.calls)
                case IfOp():
                    self._decide(op, "condition", op.condition.data, step)
                    self._if(op)
                    step = self._segment()
                case LoopOp():
                    self._decide(op, "start", op.start.data, step)
                    if op.trip is not None:
                        self._decide(op, "trip", op.trip.data, step)
                    self._loop(op)
                    step = self._segment()
                case YieldOp():
                    for value in op.values:
                        self._place(value)
                    if op.condition is not None:
                        self._decide(op, "condition", op.condition.data, step)
                case _:
                    pass
        return step

    def _decide(self, op: Operation, name: str, expression: DimExpr, step: Step) -> None:
        symbol = next((s for s in expression.symbols if expression == DimExpr.symbol(s)), None)
        word = self.decisions[op, name] = self._new() if symbol is None else self.symbols[symbol]
        if symbol is None:
            self._put(word, expression, step)

    def _invoke(self, op: InvokeOp, step: Step) -> None:
        row = Row(op, self._new(len(op.buffers) + len(op.sizes.data) + 2))
        self.rows.append(row)
        for position, size in enumerate(op.sizes.data):
            self._put(row.sizes_start + position, size, step)
        self._put(row.grid_word, op.grid.data, step)
        self._put(row.grain_word, grain(op), step)
        scratch = op.scratch.data
        (self.plan if scratch.symbols <= self.inputs else step).scratch.append(scratch)

    def _reserve(self, op: ReserveOp, step: Step) -> None:
        self._place(op.result)
        word = self.bytes[op] = self._new()
        dims, size = op.dims.data, op.itemsize.value.data
        chosen = self.plan if all(d.symbols <= self.inputs for d in dims) else step
        check = self._check(f"a result would have dims [{', '.join(map(str, dims))}]", op)
        if op.append is not None:
            self.first_bytes[op] = self._new()
            self.failures[op] = self._check("the values to be stacked differ in size from iteration to iteration", op)
        chosen.reserves.append((dims, size, word, check))

    def _host_call(self, op: HostCallOp, step: Step) -> None:
        self.calls[op] = len(self.calls)
        for buffer, type_ in zip(op.buffers, op.types, strict=True):
            self._place(buffer)
            words = [self._new() for _ in dims_of(type_)]
            self.operand_dims.setdefault(op, []).append(words)
            for word, dim in zip(words, dims_of(type_), strict=True):
                self._put(word, dim, step)

    def _place(self, buffer: SSAValue) -> None:
        if buffer not in self.places:
            self.places[buffer] = self._new()

    def _if(self, op: IfOp) -> None:
        known = set(self._known)
        for region in (op.then_region, op.else_region):
            self._block(region.block, self._segment())
            self._known = set(known)
        for result in op.outs:
            self._place(result)

    def _loop(self, op: LoopOp) -> None:
        for value in (*op.inits, *op.body.block.args, *op.outs):
            self._place(value)
        known = set(self._known)
        self._known |= {op.iteration.data, op.going.data}
        self._block(op.body.block, self._segment())
        self._known = known | {op.iteration.data}


def _bound(block: Block) -> Iterator[str]:
    """The symbols that get values during the run, in program order."""
    for op in block.ops:
        if isinstance(op, BindOp | UnboxOp):
            yield from texts(op.symbols)
        elif isinstance(op, LoopOp):
            yield from (op.iteration.data, op.going.data)
        for region in op.regions:
            yield from _bound(region.block)


def symbols_in(step: Step) -> Sequence[str]:
    """The symbols that a step reads, sorted."""
    expressions = [e for _, e in step.words] + step.scratch + [e for e, _ in step.checks]
    expressions += [d for dims, *_ in step.reserves for d in dims]
    return sorted({s for e in expressions for s in e.symbols})


def _assumption_nodes(program: ProgramOp) -> list[tuple[str, ...]]:
    """For each assumption the nodes that need it; none where nothing says so, as in IR written by hand."""
    found = program.attributes.get(ASSUMPTION_NODES)
    return [tuple(s.data for s in nodes) for nodes in found] if isa(found, ArrayAttr[ArrayAttr[StringAttr]]) else []
