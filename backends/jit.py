"""LLVM IR text -> object code -> code in memory, through llvmlite.

`compile_object` keeps no state, so worker processes can call it; `load` links objects into one engine.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import llvmlite.binding as llvm

from ..errors import CompileError
from .elf import defined_symbols, undefined_symbols
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


def target_machine(target: TargetModel, *, jit: bool = False) -> llvm.TargetMachine:
    """A new LLVM target machine: position-independent code in the small code model.

    No optimisation passes run before it: the walk to the llvm dialect folds addresses and hoists them itself.
    """
    _initialise()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=_CODEGEN_LEVEL, reloc="pic", codemodel="small", jit=jit
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


def _check_closed(objects: Sequence[bytes], external: Collection[str]) -> None:
    """Raise CompileError unless the objects define all that they need: LLVM's linker would end the process otherwise,
    or bind a name to whatever this process happens to call so."""
    known = set(external).union(*map(defined_symbols, objects))
    missing = set[str]().union(*map(undefined_symbols, objects)) - known
    if missing:
        raise CompileError(f"generated code calls {', '.join(sorted(missing))}, which nothing defines", stage="link")


class LoadedCode:
    """Objects linked into one engine. The addresses are valid until `close`, or as long as this object lives."""

    def __init__(self, objects: Sequence[bytes], target: TargetModel, external: Collection[str] = ()) -> None:
        _check_closed(objects, external)
        empty = llvm.parse_assembly(f'target triple = "{target.triple}"\n')
        self._engine = llvm.create_mcjit_compiler(empty, target_machine(target, jit=True))
        for data in objects:
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where the function `name` starts. Raises KeyError for one that no object defines."""
        found = self._engine.get_function_address(name)
        if not found:
            raise KeyError(name)
        return found

    def close(self) -> None:
        """Free the code. Nothing may run in it any more."""
        self._engine.close()


def load(objects: Sequence[bytes], target: TargetModel, external: Collection[str] = ()) -> LoadedCode:
    """Link objects, which may call each other but nothing else, into this process; their names start with `tw_`.

    `external` names functions of this process that they may call all the same.
    Raises CompileError for a symbol that none of them defines.
    """
    return LoadedCode(objects, target, external)
