"""What the compiler knows about a machine it generates code for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Arch = Literal["x86-64", "aarch64"]


@dataclass(frozen=True, slots=True)
class ByteDot:
    """An instruction that adds products of groups of adjacent bytes to sums of 32 bits.

    With one row it adds to lane j the dot product of a row's group, which every lane of one operand has, and column j's. With
    two, a vector of four sums is a block of two rows by two columns, whose groups are the halves of the operands.
    """

    depth: int
    """Bytes of a group."""
    rows: int
    intrinsics: tuple[tuple[str, str], ...]
    """LLVM's name by the signs of both sides: "u" or "s" for the left, then for the right."""

    def intrinsic(self, left_signed: bool, right_signed: bool) -> str | None:
        """The instruction for these signs, or None where the machine has none."""
        return dict(self.intrinsics).get("us"[left_signed] + "us"[right_signed])


@dataclass(frozen=True, slots=True)
class TargetModel:
    """A processor level: how to name it to LLVM, and what schedules need to know about it."""

    name: str
    """The name in options, in the `kernel.target` module attribute and in cache keys."""
    arch: Arch
    triple: str
    data_layout: str
    cpu: str
    """LLVM's `target-cpu`."""
    tune: str
    """LLVM's `tune-cpu`, whose pipelines instructions are ordered for; empty for that of `cpu`."""
    features: str
    """LLVM's `target-features`: changes to what `cpu` implies."""
    vector_bytes: int
    """Width of one vector register."""
    vector_registers: int
    has_fma: bool
    """A fused multiply-add; where it is missing `vector.fma` becomes mul + add."""
    has_lane_fma: bool
    """A multiply-add takes a lane of a register as its factor (AArch64's `fmla` by element). Factors are then loaded by vectors
    along the depth; elsewhere each is broadcast from memory."""
    has_masking: bool
    """Masked loads and stores cost what plain ones do."""
    masked_bits: int
    """The narrowest elements that have masked loads and stores at all; 0 where none have."""
    has_half_convert: bool
    """f16 <-> f32 conversion in hardware."""
    byte_dot: ByteDot | None
    """Dot products of 8-bit integers; where there are none they are made of 16-bit ones."""
    pair_products: str | None
    """LLVM's name of the instruction that adds neighbouring products of 16-bit integers in 32 bits, where there is one."""
    multiply_adds: int
    """Vector multiply-adds that start in one cycle."""
    l1_bytes: int
    l2_bytes: int
    cpu_flags: frozenset[str]
    """Flags of /proc/cpuinfo that a machine must show to run code for this model."""
    parts: frozenset[int] = frozenset()
    """Part numbers of Arm's own cores (MIDR_EL1) that this model is the best one for."""

    def lanes(self, element_bits: int) -> int:
        """How many elements of `element_bits` bits fit in one vector register."""
        return self.vector_bytes * 8 // element_bits

    def with_registers(self, count: int) -> TargetModel:
        """The same with so many vector registers: for schedules that have a use of their own for the others."""
        return replace(self, vector_registers=count)

    def can_mask(self, element_bits: int) -> bool:
        """Whether vectors of such elements can be loaded and stored in part."""
        return 0 < self.masked_bits <= element_bits
