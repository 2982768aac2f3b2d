"""LLVM IR text -> object code, through llvmlite.

This file stands alone: worker processes (`workers.py`) run it as a script, without the rest of the package.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from functools import cache
from typing import IO, NamedTuple

import llvmlite.binding as llvm

LLVM_VERSION = ".".join(map(str, llvm.llvm_version_info))
LEVEL = 2
OPTIONS = f"O{LEVEL} pic small"
"""What decides the code besides the IR, the target and LLVM's version."""
IDLE_SECONDS = 30.0
"""A worker that hears nothing for so long ends: it holds tens of megabytes."""


READY = b"+"
"""What a worker says first: it has found LLVM."""


class Processor(NamedTuple):
    """A target in LLVM's words."""

    triple: str
    cpu: str
    features: str


class Rejected(Exception):
    """LLVM's words for IR that is not valid."""


@cache
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def target_machine(processor: Processor) -> llvm.TargetMachine:
    """A new LLVM target machine: position-independent code in the small code model.

    No optimisation passes run before it: the walk to the llvm dialect folds addresses and hoists them itself.
    """
    _initialise()
    return llvm.Target.from_triple(processor.triple).create_target_machine(
        cpu=processor.cpu, features=processor.features, opt=LEVEL, reloc="pic", codemodel="small"
    )


def parse(ir_text: str) -> llvm.ModuleRef:
    """A verified module. Raises Rejected."""
    try:
        module = llvm.parse_assembly(ir_text)
        module.verify()
    except RuntimeError as error:
        raise Rejected(str(error).strip()) from error
    return module


def emit_object(ir_text: str, processor: Processor) -> bytes:
    """Object code (ELF) of a module of LLVM IR. Raises Rejected."""
    return target_machine(processor).emit_object(parse(ir_text))


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Say `READY`; answer (text, processor) with an object, or with LLVM's words as text, until there are no more requests."""
    answers.write(READY)
    answers.flush()
    while select.select([requests], [], [], IDLE_SECONDS)[0]:
        try:
            text, processor = pickle.load(requests)
        except EOFError:
            return
        try:
            answer: bytes | str = emit_object(text, Processor(*processor))
        except Rejected as error:
            answer = str(error)
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    _answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that LLVM prints may come between
    _initialise()
    _serve(sys.stdin.buffer, _answers)
