"""`lower-run`: the host program becomes `tw_run`, kernel calls and control flow over the table that `host_table.py` describes.

It comes after the kernels are functions of the llvm dialect, whose calls refer to them. A kernel that returns a code other than 0
stops the run: `tw_run` returns its index + 1 in the upper and the code in the lower 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, i1, i8, i32, i64
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from ..dialects.program import InvokeOp, ProgramOp
from ..dialects.program_control import BindOp, IfOp, LoopOp, ReserveOp, YieldOp, texts
from ..dialects.program_host import HostCallOp, MoveOp, UnboxOp
from ..runtime.codes import FAILED, HOST, NO_MEMORY, RUN, SCRATCH_SLOT
from .host_builder import POINTER, HostBuilder
from .host_interface import interface_attributes
from .host_table import SCRATCH_WORD, STATIC, Row, Step, Table
from .launch import launch_function, launch_kernel
from .lower_plan import programs_of


@dataclass(frozen=True)
class LowerRunPass(ModulePass):
    """`kernel.program` -> `tw_run`."""

    name = "lower-run"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for program in programs_of(op):
            op.body.block.insert_ops_before([launch_function(), _run(program)], program)
            program.detach()
            program.erase()


def _run(program: ProgramOp) -> llvm.FuncOp:
    table = Table(program)
    runner = _Runner(table)
    runner.emit(program.body.block)
    if table.last is not None:
        runner.step(table.last)
    runner.h.block.add_op(llvm.ReturnOp(runner.h.const(0, i32)))
    type_ = llvm.LLVMFunctionType([POINTER, POINTER], i32)
    run = llvm.FuncOp(RUN, type_, llvm.LinkageAttr("external"), body=runner.h.region)
    for name, attribute in interface_attributes(table).items():
        run.attributes[f"kernel.{name}"] = attribute
    return run


class _Runner:
    """Emits the ops of a program."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.h = HostBuilder()
        self.rows = {row.invoke: (index, row) for index, row in enumerate(table.rows)}
        self.zero = self.h.const(0)

    def emit(self, block: Block) -> None:
        """The ops of a block, up to its terminator."""
        for op in block.ops:
            step = self.table.step_at.get(op)
            if step is not None:
                self.step(step)
            match op:
                case InvokeOp():
                    self._invoke(*self.rows[op])
                case ReserveOp():
                    self._reserve(op)
                case BindOp():
                    self._bind(op)
                case HostCallOp() | UnboxOp() | MoveOp():
                    self._call_host(self.table.calls[op])
                case IfOp():
                    self._if(op)
                case LoopOp():
                    self._loop(op)
                case _:
                    pass

    # -- words --------------------------------------------------------------------------------------------------------
    def word(self, word: int) -> SSAValue:
        return self.h.load(self.h.table, word)

    def set_word(self, word: int, value: SSAValue) -> None:
        self.h.store(value, self.h.table, word)

    def place(self, buffer: SSAValue) -> SSAValue:
        """The address of a buffer."""
        return self.h.load(self.h.table, self.table.places[buffer], POINTER)

    def set_place(self, buffer: SSAValue, address: SSAValue) -> None:
        self.set_word(self.table.places[buffer], address)

    # -- straight code ------------------------------------------------------------------------------------------------
    def step(self, step: Step) -> None:
        """Compute what has become known, and see that there is scratch memory for it."""
        if step.is_empty:
            return
        self.h.leave_unless_zero(self.h.call(step.name, [self.h.table]))
        if step.scratch:
            need = self.word(step.need_word)
            self._unless(self.h.compare("sle", need, self.word(SCRATCH_WORD)), SCRATCH_SLOT, need)

    def _unless(self, enough: SSAValue, slot: int, size: SSAValue) -> None:
        """Let a slot grow unless there is enough."""
        more, following = self.h.new_block(), self.h.new_block()
        self.h.branch(enough, following, more)
        self.h.block = more
        address = self.h.emit(llvm.PtrToIntOp(self.h.grow(slot, size), i64))
        self.h.leave_if(self.h.compare("eq", address, self.h.const(0)), NO_MEMORY)
        self.h.jump(following)
        self.h.block = following

    def _invoke(self, index: int, row: Row) -> None:
        """Call one kernel; on an error code leave with it."""
        h = self.h
        for position, buffer in enumerate(row.invoke.buffers):
            if not isinstance(buffer.owner, STATIC):
                self.set_word(row.start + position, self.place(buffer))
        buffers, sizes = h.address(h.table, row.start), h.address(h.table, row.sizes_start)
        code = launch_kernel(h, row.invoke, [buffers, sizes, self.word(row.grid_word), self.word(row.grain_word)])
        h.leave_unless_zero(code, (index + 1) << 16)

    def _bind(self, op: BindOp) -> None:
        h, address = self.h, self.place(op.buffer)
        for position, symbol in enumerate(texts(op.symbols)):
            if op.width.value.data == 8:
                value = h.load(address, position)
            else:
                value = h.emit(llvm.ZExtOp(h.emit(llvm.LoadOp(h.offset(address, h.const(position)), i8)), i64))
            h.leave_if(h.compare("slt", value, h.const(0)), FAILED | self.table.failures[op])
            self.set_word(self.table.symbols[symbol], value)

    def _reserve(self, op: ReserveOp) -> None:
        h, slot = self.h, op.slot.value.data
        size = self.word(self.table.bytes[op])
        start = None
        if op.append is not None:
            iteration = self.word(self.table.symbols[op.append.data])
            self._check_piece(op, size, iteration)
            start = h.emit(llvm.MulOp(iteration, size))
            size = h.emit(llvm.AddOp(start, size))
        capacity = h.load(h.slots(), 2 * slot + 1)
        self._unless(h.compare("sle", size, capacity), slot, size)
        address = h.load(h.slots(), 2 * slot, POINTER)
        self.set_place(op.result, address if start is None else h.offset(address, start))

    def _check_piece(self, op: ReserveOp, size: SSAValue, iteration: SSAValue) -> None:
        """All pieces are as large as the first."""
        h, word = self.h, self.table.first_bytes[op]
        is_first = h.compare("eq", iteration, self.zero)
        first = h.emit(llvm.SelectOp(is_first, size, self.word(word)))
        h.leave_if(h.compare("ne", first, size), FAILED | self.table.failures[op])
        self.set_word(word, first)

    def _call_host(self, number: int) -> None:
        h = self.h
        function = h.load(h.context, HOST, POINTER)
        h.leave_unless_zero(h.call_pointer(function, [h.context, h.const(number)], i32))

    # -- control flow -------------------------------------------------------------------------------------------------
    def _if(self, op: IfOp) -> None:
        h = self.h
        condition = h.compare("ne", self.word(self.table.decisions[op, "condition"]), self.zero)
        then, otherwise, following = h.new_block(), h.new_block(), h.new_block()
        h.branch(condition, then, otherwise)
        for block, region in ((then, op.then_region), (otherwise, op.else_region)):
            h.block = block
            self.emit(region.block)
            for value, result in zip(_yield(region.block).values, op.outs, strict=True):
                self.set_place(result, self.place(value))
            h.jump(following)
        h.block = following

    def _loop(self, op: LoopOp) -> None:
        h, symbols = self.h, self.table.symbols
        iteration, going = symbols[op.iteration.data], symbols[op.going.data]
        arguments = op.body.block.args
        self.set_word(iteration, self.zero)
        self.set_word(going, self.word(self.table.decisions[op, "start"]))
        for argument, word in zip(arguments, (iteration, going), strict=False):
            self.set_place(argument, h.address(h.table, word))
        for argument, init in zip(arguments[2:], op.inits, strict=True):
            self.set_place(argument, self.place(init))
        head, body, following = h.new_block(), h.new_block(), h.new_block()
        h.jump(head)
        h.block = head
        h.branch(self._goes_on(op, iteration, going), body, following)
        h.block = body
        self.emit(op.body.block)
        self._next(op, iteration, going)
        h.jump(head)
        h.block = following
        for result, argument in zip(op.outs, arguments[2:], strict=False):
            self.set_place(result, self.place(argument))
        for result, value in list(zip(op.outs, _yield(op.body.block).values, strict=True))[len(op.inits) :]:
            self.set_place(result, h.load(h.slots(), 2 * _slot_of(value), POINTER))

    def _goes_on(self, op: LoopOp, iteration: int, going: int) -> SSAValue:
        h = self.h
        goes_on = h.compare("ne", self.word(going), self.zero)
        if op.trip is None:
            return goes_on
        below = h.compare("slt", self.word(iteration), self.word(self.table.decisions[op, "trip"]))
        return h.emit(llvm.SelectOp(goes_on, below, h.const(0, i1)))

    def _next(self, op: LoopOp, iteration: int, going: int) -> None:
        """What is carried on: slots change places, the symbols of the loop take their next values."""
        h, last = self.h, _yield(op.body.block)
        for argument, slot, value in zip(op.body.block.args[2:], op.slots.data, last.values, strict=False):
            slots, words = h.slots(), [2 * s + part for s in (slot.value, _slot_of(value)) for part in (0, 1)]
            kept, room, fresh, fresh_room = (h.load(slots, word) for word in words)
            for word, content in zip(words, (fresh, fresh_room, kept, room), strict=True):
                h.store(content, slots, word)
            self.set_place(argument, fresh)
        self.set_word(going, self.word(self.table.decisions[last, "condition"]))
        self.set_word(iteration, h.emit(llvm.AddOp(self.word(iteration), h.const(1))))


def _yield(block: Block) -> YieldOp:
    last = block.last_op
    assert isinstance(last, YieldOp)
    return last


def _slot_of(value: SSAValue) -> int:
    """The slot of what a loop's body yields, which is always memory that it reserved."""
    assert isinstance(value.owner, ReserveOp)
    return value.owner.slot.value.data
