"""The pass `lower-to-llvm`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func, llvm, memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ..backends.targets import TargetModel, get_target
from ..dialects.narrowing import is_dense, is_memref
from ..dialects.program import ProgramOp
from ..passes.target_attr import target_of
from .to_llvm.context import llvm_type, unsupported
from .to_llvm.functions import lower_function


def _lower_global(op: memref.GlobalOp) -> llvm.GlobalOp:
    """A constant table: private to the object, so that only the kernel's own code refers to it."""
    value = op.initial_value
    if op.constant is None or not is_dense(value):
        raise unsupported(op, "a global must be constant and initialised")
    assert is_memref(op.type)
    array = llvm.LLVMArrayType(len(value), llvm_type(op.type.element_type))
    alignment = op.alignment.value.data if op.alignment is not None else None
    return llvm.GlobalOp(array, op.sym_name, "private", constant=True, value=value, alignment=alignment)


def lower_op(op: Operation, target: TargetModel) -> Operation:
    """A function or global of the loops stage in the llvm dialect; what is in it already stays, and so does the host program."""
    match op:
        case func.FuncOp():
            return lower_function(op, target)
        case memref.GlobalOp():
            return _lower_global(op)
        case llvm.FuncOp() | llvm.GlobalOp() | ProgramOp():
            return op
        case _:
            raise unsupported(op)


@dataclass(frozen=True)
class LowerToLLVMPass(ModulePass):
    """scf, memref, vector, arith, math and func -> llvm, in one walk.

    `target`: a target's name; without it the module's `kernel.target` counts, and without that the host.
    """

    name = "lower-to-llvm"
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = get_target(self.target) if self.target else target_of(op)
        for old in list(op.body.block.ops):
            new = lower_op(old, target)
            if new is not old:
                op.body.block.insert_op_before(new, old)
                old.detach()
                old.erase(safe_erase=False)
