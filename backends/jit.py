"""LLVM IR text -> object code or assembly for a target model, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import llvmlite.binding as llvm

from ..errors import CompileError
from . import codegen
from .targets import TargetModel

LLVM_VERSION, CODEGEN_OPTIONS = codegen.LLVM_VERSION, codegen.OPTIONS
STAGE = "generate-code"

T = TypeVar("T")


def processor_of(target: TargetModel) -> codegen.Processor:
    """The target in LLVM's words."""
    return codegen.Processor(target.triple, target.cpu, target.features)


def target_machine(target: TargetModel) -> llvm.TargetMachine:
    """LLVM's target machine for a target."""
    return codegen.target_machine(processor_of(target))


def rejection(words: str, unit: str | None = None) -> CompileError:
    """The error for IR that LLVM rejects."""
    return CompileError(f"LLVM rejects the IR: {words}", op=unit, stage=STAGE)


def _checked(make: Callable[[], T]) -> T:
    try:
        return make()
    except codegen.Rejected as error:
        raise rejection(str(error)) from error


def compile_object(ir_text: str, target: TargetModel) -> bytes:
    """Object code (ELF) of a module of LLVM IR. Raises CompileError, with LLVM's words, for IR that is not valid."""
    return _checked(lambda: codegen.emit_object(ir_text, processor_of(target)))


def compile_assembly(ir_text: str, target: TargetModel) -> str:
    """The same as assembly text, to read."""
    return _checked(lambda: target_machine(target).emit_assembly(codegen.parse(ir_text)))
