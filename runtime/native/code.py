"""Writing functions of the llvm dialect by hand: memory words, atomics, calls, and control flow over blocks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from xdsl.dialects import llvm
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, IntegerType, StringAttr, SymbolRefAttr, i1, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import is_integer

POINTER = llvm.LLVMPointerType()
WORD_BYTES = 8
_ACQUIRE, _SEQ_CST = 4, 7
_ORDERINGS = {"plain": 0, "acquire": _ACQUIRE, "seq_cst": _SEQ_CST}

_BINARY: dict[str, Callable[[SSAValue, SSAValue], Operation]] = {
    "add": llvm.AddOp,
    "sub": llvm.SubOp,
    "mul": llvm.MulOp,
    "and": llvm.AndOp,
    "or": llvm.OrOp,
    "shl": llvm.ShlOp,
    "lshr": llvm.LShrOp,
    "udiv": llvm.UDivOp,
}


class FunctionBuilder:
    """Emits a function, op by op at the end of the current block. Names start with `tw_`, so that none meets one of libc."""

    def __init__(self, name: str, inputs: Sequence[Attribute], output: Attribute | None, linkage: str = "external") -> None:
        self.block = Block(arg_types=inputs)
        self.arguments = self.block.args
        self._region = Region(self.block)
        self._type = llvm.LLVMFunctionType(inputs, output)
        self._name, self._linkage = name, linkage

    def finish(self) -> llvm.FuncOp:
        return llvm.FuncOp(self._name, self._type, llvm.LinkageAttr(self._linkage), body=self._region)

    def emit(self, op: Operation) -> SSAValue:
        """Append an op with one result and return that."""
        self.block.add_op(op)
        return op.results[0]

    # -- values ---------------------------------------------------------------------------------------------------------------
    def const(self, value: int, type: IntegerType = i64) -> SSAValue:
        return self.emit(llvm.ConstantOp(IntegerAttr(value, type), type))

    def op(self, kind: str, a: SSAValue, b: SSAValue | int) -> SSAValue:
        """An integer operation by its name: add, sub, mul, and, or, shl, lshr, udiv."""
        return self.emit(_BINARY[kind](a, self._like(a, b)))

    def compare(self, predicate: str, a: SSAValue, b: SSAValue | int) -> SSAValue:
        flag = llvm.ICmpPredicateFlag(predicate).to_int()
        return self.emit(llvm.ICmpOp(a, self._like(a, b), IntegerAttr(flag, i64)))

    def both(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.op("and", a, b)

    def select(self, condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.emit(llvm.SelectOp(condition, a, b))

    def least(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        other = self._like(a, b)
        return self.select(self.compare("slt", a, other), a, other)

    def most(self, a: SSAValue, b: SSAValue | int) -> SSAValue:
        other = self._like(a, b)
        return self.select(self.compare("sgt", a, other), a, other)

    def low(self, value: SSAValue) -> SSAValue:
        """The low 32 bits."""
        return self.emit(llvm.TruncOp(value, i32))

    def wide(self, value: SSAValue) -> SSAValue:
        """An i32 as an i64, without a sign."""
        return self.emit(llvm.ZExtOp(value, i64))

    def _like(self, value: SSAValue, other: SSAValue | int) -> SSAValue:
        if isinstance(other, SSAValue):
            return other
        assert is_integer(value.type)
        return self.const(other, value.type)

    # -- memory ---------------------------------------------------------------------------------------------------------------
    def pointer(self, address: SSAValue) -> SSAValue:
        return self.emit(llvm.IntToPtrOp(address))

    def address(self, pointer: SSAValue) -> SSAValue:
        return self.emit(llvm.PtrToIntOp(pointer))

    def word(self, base: SSAValue, index: SSAValue | int) -> SSAValue:
        """The address of a 64-bit word."""
        return self.emit(llvm.GEPOp.from_mixed_indices(base, [index], i64, result_type=POINTER))

    def half(self, base: SSAValue, index: int) -> SSAValue:
        """The address of a 32-bit half of a word: what a futex waits on."""
        return self.emit(llvm.GEPOp(base, [index], i32, result_type=POINTER))

    def load(self, pointer: SSAValue, type: Attribute, ordering: str = "plain") -> SSAValue:
        size = 4 if type == i32 else WORD_BYTES
        return self.emit(llvm.LoadOp(pointer, type, alignment=size, ordering=_ORDERINGS[ordering]))

    def store(self, value: SSAValue, pointer: SSAValue) -> None:
        self.block.add_op(llvm.StoreOp(value, pointer, alignment=4 if value.type == i32 else WORD_BYTES))

    def atomic(self, kind: str, pointer: SSAValue, value: SSAValue | int, ordering: str = "seq_cst") -> SSAValue:
        """Read-modify-write of a 64-bit word; gives what was there before."""
        operand = self.const(value) if isinstance(value, int) else value
        properties = {"kind": StringAttr(kind), "ordering": StringAttr(ordering)}
        op = llvm_ext.AtomicRMWOp.create(operands=[pointer, operand], result_types=[operand.type], properties=properties)
        return self.emit(op)

    def exchange(self, pointer: SSAValue, expected: SSAValue, desired: SSAValue) -> SSAValue:
        """Compare and exchange; whether it happened."""
        pair = llvm.LLVMStructType.from_type_list([expected.type, i1])
        found = self.emit(llvm_ext.CmpXchgOp.create(operands=[pointer, expected, desired], result_types=[pair]))
        return self.emit(llvm.ExtractValueOp(DenseArrayBase.from_list(i64, [1]), found, i1))

    # -- calls ----------------------------------------------------------------------------------------------------------------
    def call(self, callee: SSAValue | str, arguments: Sequence[SSAValue], result: Attribute) -> SSAValue:
        """A call by name or of a function's address, with a result."""
        operands = list(arguments) if isinstance(callee, str) else [callee, *arguments]
        properties: dict[str, Attribute] = {
            "operandSegmentSizes": DenseArrayBase.from_list(i32, [len(operands), 0]),
            "op_bundle_sizes": DenseArrayBase.from_list(i32, ()),
        }
        if isinstance(callee, str):
            properties["callee"] = SymbolRefAttr(callee)
        return self.emit(llvm.CallOp.create(operands=operands, result_types=[result], properties=properties))

    def intrinsic(self, name: str, arguments: Sequence[SSAValue] = ()) -> None:
        self.block.add_op(llvm.CallIntrinsicOp(StringAttr(name), arguments, []))

    # -- control flow ---------------------------------------------------------------------------------------------------------
    def give(self, value: SSAValue) -> None:
        """Return from the function."""
        self.block.add_op(llvm.ReturnOp(value))

    def begin(self, types: Sequence[Attribute] = ()) -> Block:
        """A new block, not yet the current one."""
        block = Block(arg_types=types)
        self._region.add_block(block)
        return block

    def go(self, block: Block, *values: SSAValue) -> None:
        """End the current block with a jump."""
        self.block.add_op(llvm.BrOp(block, *values))

    def branch(self, condition: SSAValue, then: Block, otherwise: Block) -> None:
        """End the current block with a branch; neither target takes arguments."""
        self.block.add_op(llvm.CondBrOp(condition, then, [], otherwise, []))

    @contextmanager
    def when(self, condition: SSAValue) -> Generator[None]:
        """What is emitted inside runs only if the condition holds; it may return or jump away."""
        then, after = self.begin(), self.begin()
        self.branch(condition, then, after)
        self.block = then
        yield
        if not isinstance(self.block.last_op, llvm.ReturnOp | llvm.BrOp | llvm.CondBrOp):
            self.go(after)
        self.block = after

    @contextmanager
    def loop(self) -> Generator[tuple[Block, Block]]:
        """Runs for ever; gives the block to jump to for the next turn, and the one for leaving it."""
        turn, after = self.begin(), self.begin()
        self.go(turn)
        self.block = turn
        yield turn, after
        if not isinstance(self.block.last_op, llvm.ReturnOp | llvm.BrOp | llvm.CondBrOp):
            self.go(turn)
        self.block = after
