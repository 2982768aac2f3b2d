"""What a compiled model is: native code, the weights it reads, and how its table is laid out. No xdsl is needed to run it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .codes import PLAN, RUN
from .host_calls import Call
from .image import Image, MappedImage
from .machine import check_machine
from .weights import Array

Address = int | ctypes.c_void_p
PlanFunction = Callable[[Address, Address], int]
"""`tw_plan(dims address, table address)`; both are arrays of 64-bit words."""
RunFunction = Callable[[Address, Address], int]
"""`tw_run(ctx address, table address)`; 0, or (invocation + 1) << 16 | code."""

Dim = int | str
"""A dim of an interface tensor: a number, or an expression over the input symbols."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output: name, numpy dtype and dims; for an input that need not be given, the weight it has then."""

    name: str
    dtype: np.dtype[Any]
    dims: tuple[Dim, ...]
    kind: str = ""
    """The ONNX type of a value that is no numeric tensor, `seq(tensor(float))`; its dtype is object then."""
    default: str | None = None

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The dims: ints, and the text of the expression where a dim is dynamic."""
        return self.dims


@dataclass(frozen=True)
class Launch:
    """One kernel invocation of the host program: what a profile or an error message says about it."""

    kernel: str
    nodes: tuple[str, ...]
    start: int
    """First word of its piece of the table."""
    sizes_start: int
    grid_word: int


@dataclass(frozen=True)
class Pointer:
    """A pointer word of the table: which buffer goes there."""

    word: int
    kind: str
    """"input", "output", "weight" or "arena"."""
    index: int


@dataclass(frozen=True)
class Check:
    """What must hold during a run: its text, the ONNX nodes it is about."""

    text: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Interface:
    """How to call `plan` and `run` of one model."""

    symbols: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    assumptions: tuple[Check, ...]
    """What must hold of the symbols: an expression that isn't negative."""
    words: int
    facts_start: int
    """Where the dims of all inputs and outputs start in the table; the assumptions and the bytes of arena buffers follow."""
    pointers: tuple[Pointer, ...]
    weights: tuple[str, ...]
    launches: tuple[Launch, ...]
    slots: int = 0
    """How many pieces of memory grow during a run."""
    grown_outputs: Mapping[int, int] = field(default_factory=dict[int, int])
    """The outputs whose dims depend on data, and the word that holds the address of each after a run."""
    checks: tuple[Check, ...] = ()
    calls: tuple[Call, ...] = ()
    """The calls to the host by number."""
    objects: int = 0
    """How many Python objects a run holds."""
    object_inputs: Mapping[int, int] = field(default_factory=dict[int, int])
    """The place of every input that is an object."""
    object_outputs: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def defaults(self) -> tuple[str, ...]:
        """The weights that stand in for inputs that aren't given."""
        return tuple(spec.default for spec in self.inputs if spec.default is not None)


@dataclass(frozen=True)
class Machine:
    """What code needs of the machine that runs it: the architecture, and flags in the spelling of /proc/cpuinfo."""

    target: str
    """The target model that the code was compiled for."""
    arch: str
    cpu_flags: frozenset[str]


@dataclass
class Program:
    """A compiled model: everything that a saved one consists of."""

    interface: Interface
    image: Image
    weights: dict[str, Array]
    machine: Machine
    statistics: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Executable:
    """A program whose code is in memory. `code` keeps it mapped."""

    program: Program
    interface: Interface
    weights: dict[str, Array]
    plan: PlanFunction
    run: RunFunction
    code: MappedImage

    @property
    def statistics(self) -> dict[str, Any]:
        """Figures of the compile."""
        return self.program.statistics


_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


def load_program(program: Program) -> Executable:
    """Map a program's code. Raises UnsupportedPlatformError where this machine can't run it."""
    check_machine(program.machine.arch, program.machine.cpu_flags)
    code = MappedImage(program.image)
    plan, run = (_ENTRY(code.address(name)) for name in (PLAN, RUN))
    return Executable(program, program.interface, program.weights, plan, run, code)
