"""What the C interface of an ahead-of-time model consists of: its options, its workspace word by word, its codes and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..dialects.graph.dims import DimExpr
from ..runtime.codes import CONTEXT_WORDS, INDEX_OUT_OF_RANGE, KERNEL_ERRORS
from ..runtime.executable import Interface, TensorSpec
from ..runtime.native import layout as pool_layout
from .host_table import ARENA_WORD, SCRATCH_WORD

ALIGNMENT = 64
WORD_BYTES = 8
LEAST_SCRATCH = 64

STATE, LAST, WEIGHTS, SCRATCH_BLOCK = 0, 1, 2, 3
"""Words of a workspace: `READY` plus its address once it is initialised, the code of the last run, where the weights are, scratch
memory that has grown."""
CONTEXT = 4
"""From here on the context that kernels get; see `codes.py`."""
READY = 0x7469_6C65_7772_6974

BAD_WORKSPACE, SMALL_WORKSPACE, NOT_READY, NULL_ARGUMENT, BAD_DIMS, BAD_WEIGHTS, IN_USE = range(-1, -8, -1)
API_ERRORS = {
    BAD_WORKSPACE: "the workspace is null or not aligned to 64 bytes",
    SMALL_WORKSPACE: "the workspace is smaller than the model needs",
    NOT_READY: "the workspace is not initialised",
    NULL_ARGUMENT: "an array is null",
    BAD_DIMS: "the dims don't go together, or are negative or too large",
    BAD_WEIGHTS: "the weights are null, not aligned to 64 bytes, or of another model",
    IN_USE: "the workspace is initialised already, and has threads or memory that only close ends",
}
NO_MEMORY_TEXT = "there is no memory for a result"
UNKNOWN_TEXT = "unknown code"


def aligned(size: int, alignment: int = ALIGNMENT) -> int:
    return -(-size // alignment) * alignment


@dataclass(frozen=True)
class WeightLayout:
    """Where each weight lies in the model's block of weights.

    Attributes:
        offsets: first byte by key, a multiple of 64.
        size: bytes of the block.
        embedded: whether the block is part of the object.
        mark: first bytes of a file of weights, which tell it from other models'.
    """

    offsets: dict[str, int]
    size: int
    embedded: bool
    mark: bytes = b""


@dataclass(frozen=True)
class ApiOptions:
    """How the C interface of a model is called and what it may need.

    Args:
        prefix: what the names of its functions begin with.
        threads: how many threads run a kernel, the calling one included.
        freestanding: need nothing of libc: the caller brings the workspace. Takes one thread.
        embed_weights: the weights are part of the object; else of a file beside it.
    """

    prefix: str
    threads: int = 1
    freestanding: bool = False
    embed_weights: bool = True


@dataclass(frozen=True)
class ApiModel:
    """All that the C interface is made from.

    Attributes:
        slot_bytes: what each slot holds at most, -1 for one that grows.
        grows: whether a run may ask for more memory.
        table: what `tw_plan` gives for the model's only shape; None for one with symbolic dims.
        version: text for the caller.
    """

    interface: Interface
    options: ApiOptions
    slot_bytes: Sequence[int]
    grows: bool
    table: NDArray[np.int64] | None
    weights: WeightLayout
    version: str

    @property
    def ports(self) -> tuple[TensorSpec, ...]:
        """Inputs, then outputs."""
        return (*self.interface.inputs, *self.interface.outputs)

    @property
    def unknown_words(self) -> list[int]:
        """Words of the table with dims that only a run can tell."""
        inputs = frozenset(self.interface.symbols)
        dims = [dim for spec in self.ports for dim in spec.dims]
        start = self.interface.facts_start
        return [start + i for i, dim in enumerate(dims) if isinstance(dim, str) and not DimExpr.parse(dim).symbols <= inputs]

    @property
    def workspace(self) -> Workspace:
        return Workspace(self)


@dataclass
class Workspace:
    """Where everything lies in a workspace. Words up to `first_byte`, bytes from there.

    scratch addresses, slots, the pool, the table; then the memory of slots, every thread's scratch memory, the arena
    """

    model: ApiModel
    scratches: int = field(init=False)
    slots: int = field(init=False)
    pool: int = field(init=False)
    table: int = field(init=False)
    slot_memory: list[int] = field(init=False)
    scratch: int = field(init=False)

    def __post_init__(self) -> None:
        model, line = self.model, 2 * ALIGNMENT // WORD_BYTES
        self.scratches = CONTEXT + CONTEXT_WORDS
        self.slots = self.scratches + model.options.threads
        self.pool = aligned(self.slots + 2 * len(model.slot_bytes), line)
        self.table = self.pool + (pool_layout.WORDS if model.options.threads > 1 else 0)
        place = aligned((self.table + model.interface.words) * WORD_BYTES)
        self.slot_memory = []
        for size in model.slot_bytes:
            self.slot_memory.append(place)
            place += aligned(max(size, 0))
        self.scratch = place

    @property
    def stride(self) -> int:
        """Bytes of scratch memory of one thread, for a model without symbolic dims."""
        table = self.model.table
        assert table is not None
        return aligned(max(int(table[SCRATCH_WORD]), LEAST_SCRATCH))

    @property
    def total(self) -> int:
        """Bytes of the whole, for a model without symbolic dims."""
        table = self.model.table
        assert table is not None
        return self.scratch + self.model.options.threads * self.stride + int(table[ARENA_WORD])


@dataclass(frozen=True)
class Texts:
    """What status codes mean: errors of the API by -code, then checks, then kernel launches, then the rest."""

    lines: tuple[str, ...]
    checks: int
    launches: int
    no_memory: int
    unknown: int

    @staticmethod
    def of(interface: Interface) -> Texts:
        api = ["ok", *API_ERRORS.values()]
        checks = [_named(check.nodes, check.text) for check in interface.checks]
        launches = [_named(launch.nodes, KERNEL_ERRORS[INDEX_OUT_OF_RANGE]) for launch in interface.launches]
        lines = [*api, *checks, *launches, NO_MEMORY_TEXT, UNKNOWN_TEXT]
        return Texts(tuple(lines), len(api), len(api) + len(checks), len(lines) - 2, len(lines) - 1)


def _named(nodes: Sequence[str], text: str) -> str:
    return f"node '{', '.join(nodes)}': {text}" if nodes else text
