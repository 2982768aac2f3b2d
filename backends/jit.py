"""LLVM IR text -> object code, through llvmlite. `compile_object` keeps no state, so worker processes can call it."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm

from ..errors import CompileError
from .targets import TargetModel

LLVM_VERSION = ".".join(map(str, llvm.llvm_version_info))
_STAGE = "generate-code"
_CODEGEN_LEVEL = 2
CODEGEN_OPTIONS = f"O{_CODEGEN_LEVEL} pic small"
"""What decides the code besides the IR, the target and LLVM's version."""


@cache
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def target_machine(target: TargetModel) -> llvm.TargetMachine:
    """A new LLVM target machine: position-independent code in the small code model.

    No optimisation passes run before it: the walk to the llvm dialect folds addresses and hoists them itself.
    """
    _initialise()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=_CODEGEN_LEVEL, reloc="pic", codemodel="small"
    )


def _parse(ir_text: str) -> llvm.ModuleRef:
    try:
        module = llvm.parse_assembly(ir_text)
        module.verify()
    except RuntimeError as error:
        raise CompileError(f"LLVM rejects the IR: {str(error).strip()}", stage=_STAGE) from error
    return module


def compile_object(ir_text: str, target: TargetModel) -> bytes:
    """Object code (ELF) of a module of LLVM IR. Raises CompileError, with LLVM's words, for IR that is not valid."""
    return target_machine(target).emit_object(_parse(ir_text))


def compile_assembly(ir_text: str, target: TargetModel) -> str:
    """The same as assembly text, to read."""
    return target_machine(target).emit_assembly(_parse(ir_text))
