"""Emitting `tw_run`: words of the table, calls and branches in the llvm dialect."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr, IntegerType, LocationAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ..runtime.codes import GROW, SLOTS
from .to_llvm.scf_ops import segments

POINTER = llvm.LLVMPointerType()
PREDICATES = {"eq": 0, "ne": 1, "slt": 2, "sle": 3, "sgt": 4, "sge": 5}


class HostBuilder:
    """Appends to `block`, the current end of a function `(ctx, table) -> i32`.

    Attributes:
        context, table: the function's arguments.
    """

    def __init__(self) -> None:
        self.block = Block(arg_types=[POINTER, POINTER])
        self.region = Region(self.block)
        self.context, self.table = self.block.args
        self.context.name_hint, self.table.name_hint = "ctx", "table"

    # -- ops ----------------------------------------------------------------------------------------------------------
    def emit(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def const(self, value: int, type_: IntegerType = i64) -> SSAValue:
        return self.emit(llvm.ConstantOp(IntegerAttr(value, type_), type_))

    def address(self, base: SSAValue, word: int) -> SSAValue:
        """The address of a 64-bit word."""
        if word == 0:
            return base
        return self.emit(llvm.GEPOp(base, [word], i64, result_type=POINTER))

    def offset(self, base: SSAValue, count: SSAValue) -> SSAValue:
        """The address so many bytes on."""
        return self.emit(llvm.GEPOp(base, [llvm.GEP_USE_SSA_VAL], IntegerType(8), ssa_indices=[count], result_type=POINTER))

    def load(self, base: SSAValue, word: int, type_: Attribute = i64) -> SSAValue:
        return self.emit(llvm.LoadOp(self.address(base, word), type_))

    def store(self, value: SSAValue, base: SSAValue, word: int) -> None:
        self.block.add_op(llvm.StoreOp(value, self.address(base, word)))

    def compare(self, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.emit(llvm.ICmpOp(a, b, IntegerAttr(PREDICATES[predicate], i64)))

    def call(self, name: str, arguments: Sequence[SSAValue], location: LocationAttr | None = None) -> SSAValue:
        """Call a function that returns an i32."""
        op = llvm.CallOp(name, *arguments, return_type=i32)
        if location is not None:
            op.location = location
        return self.emit(op)

    def call_pointer(self, function: SSAValue, arguments: Sequence[SSAValue], result: Attribute) -> SSAValue:
        """Call the function at an address."""
        operands = [function, *arguments]
        counts = {"operandSegmentSizes": segments(len(operands), 0)}
        return self.emit(llvm.CallOp.create(operands=operands, result_types=[result], properties=counts))

    # -- control ------------------------------------------------------------------------------------------------------
    def new_block(self) -> Block:
        block = Block()
        self.region.add_block(block)
        return block

    def jump(self, target: Block) -> None:
        self.block.add_op(llvm.BrOp(target))

    def branch(self, condition: SSAValue, then: Block, otherwise: Block) -> None:
        self.block.add_op(llvm.CondBrOp(condition, then, [], otherwise, []))

    def leave_if(self, condition: SSAValue, code: SSAValue | int, mask: int = 0) -> None:
        """Return a code where the condition holds; `mask` is or-ed to it."""
        failure, following = self.new_block(), self.new_block()
        self.branch(condition, failure, following)
        self.block = failure
        value = self.const(code, i32) if isinstance(code, int) else code
        if mask:
            value = self.emit(llvm.OrOp(value, self.const(mask, i32)))
        self.block.add_op(llvm.ReturnOp(value))
        self.block = following

    def leave_unless_zero(self, code: SSAValue, mask: int = 0) -> None:
        self.leave_if(self.compare("ne", code, self.const(0, i32)), code, mask)

    # -- slots --------------------------------------------------------------------------------------------------------
    def grow(self, slot: int, size: SSAValue) -> SSAValue:
        """Ask the session for memory; the address, null where there is none."""
        function = self.load(self.context, GROW, POINTER)
        return self.call_pointer(function, [self.context, self.const(slot), size], POINTER)

    def slots(self) -> SSAValue:
        return self.load(self.context, SLOTS, POINTER)
