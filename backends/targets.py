"""Target models: what the compiler knows about a machine it generates code for.

Schedules, lowering and emission read a model, never the machine they happen to run on. A model is a named constant, so
equal inputs and equal target names give byte-identical code; "host" is only a way to pick one of the names. The cache
sizes are those of the smallest common part of each level, for the same reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ..errors import UnknownTargetError, UnsupportedPlatformError

X86_64_DATA_LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
"""LLVM's data layout of every x86-64 ELF target."""


@dataclass(frozen=True, slots=True)
class TargetModel:
    """A processor level: how to name it to LLVM, and what schedules need to know about it."""

    name: str
    """The name in options, in the `kernel.target` module attribute and in cache keys."""
    arch: Literal["x86-64"]
    triple: str
    data_layout: str
    cpu: str
    """LLVM's `target-cpu`."""
    features: str
    """LLVM's `target-features`: changes to what `cpu` implies."""
    vector_bytes: int
    """Width of one vector register."""
    vector_registers: int
    has_fma: bool
    """A fused multiply-add; where it is missing `vector.fma` becomes mul + add."""
    has_masking: bool
    """Masked loads and stores cost what plain ones do."""
    has_half_convert: bool
    """f16 <-> f32 conversion in hardware."""
    has_int8_dot: bool
    """u8 x s8 dot products accumulated in i32 (AVX-512 VNNI)."""
    l1_bytes: int
    l2_bytes: int
    cpu_flags: frozenset[str]
    """Flags of /proc/cpuinfo that a machine must show to run code for this model."""

    def lanes(self, element_bits: int) -> int:
        """How many elements of `element_bits` bits fit in one vector register."""
        return self.vector_bytes * 8 // element_bits


_V2_FLAGS = frozenset({"cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2"})
_V3_FLAGS = _V2_FLAGS | {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}
_V4_FLAGS = _V3_FLAGS | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
_VNNI_FLAGS = _V4_FLAGS | {"avx512_vnni"}

# LLVM's x86-64-v4 is tuned to split 512-bit vectors in halves; our schedules ask for them on purpose.
_USE_512_BITS = "-prefer-256-bit"


def _x86(
    name: str,
    cpu: str,
    features: str,
    *,
    vector_bytes: int,
    flags: frozenset[str],
    l2_bytes: int,
    vnni: bool = False,
) -> TargetModel:
    """An x86-64 model; everything that a wider level implies follows from the vector width."""
    return TargetModel(
        name=name,
        arch="x86-64",
        triple="x86_64-unknown-linux-gnu",
        data_layout=X86_64_DATA_LAYOUT,
        cpu=cpu,
        features=features,
        vector_bytes=vector_bytes,
        vector_registers=32 if vector_bytes == 64 else 16,
        has_fma=vector_bytes >= 32,
        has_masking=vector_bytes == 64,
        has_half_convert=vector_bytes >= 32,
        has_int8_dot=vnni,
        l1_bytes=32 * 1024,
        l2_bytes=l2_bytes,
        cpu_flags=flags,
    )


_KIB = 1024
# From the most capable down: host_target takes the first that the machine can run.
_MODELS = (
    _x86(
        "x86-64-v4-vnni",
        "x86-64-v4",
        f"+avx512vnni,{_USE_512_BITS}",
        vector_bytes=64,
        flags=_VNNI_FLAGS,
        l2_bytes=1024 * _KIB,
        vnni=True,
    ),
    _x86("x86-64-v4", "x86-64-v4", _USE_512_BITS, vector_bytes=64, flags=_V4_FLAGS, l2_bytes=1024 * _KIB),
    _x86("x86-64-v3", "x86-64-v3", "", vector_bytes=32, flags=_V3_FLAGS, l2_bytes=256 * _KIB),
    _x86("x86-64-v2", "x86-64-v2", "", vector_bytes=16, flags=_V2_FLAGS, l2_bytes=256 * _KIB),
)

TARGETS: dict[str, TargetModel] = {model.name: model for model in _MODELS}
"""Every known model by name, from the most capable down."""


def get_target(name: str) -> TargetModel:
    """The model called `name`; "host" is the most capable one that this machine runs.

    Raises UnknownTargetError, naming the known targets, for any other name.
    """
    if name == "host":
        return host_target()
    try:
        return TARGETS[name]
    except KeyError:
        raise UnknownTargetError(name, ["host", *TARGETS]) from None


def runs_here(target: TargetModel) -> bool:
    """Whether this machine and its operating system can run code for `target`."""
    return target.cpu_flags <= _host_flags()


def missing_flags(flags: Iterable[str]) -> list[str]:
    """Those of these flags that this machine doesn't show, in /proc/cpuinfo's spelling."""
    return sorted(set(flags) - _host_flags())


@cache
def host_target() -> TargetModel:
    """The most capable model that this machine runs.

    Raises UnsupportedPlatformError on a processor below every model.
    """
    for model in _MODELS:
        if runs_here(model):
            return model
    raise UnsupportedPlatformError(f"this processor is below every known target ({', '.join(TARGETS)})")


@cache
def _host_flags() -> frozenset[str]:
    """The processor's flags in /proc/cpuinfo's spelling.

    The kernel clears the flags of register state that it does not save, so a flag listed there is one that user code
    may rely on. Without a readable /proc LLVM is asked, which checks XCR0 itself.
    """
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return _flags_from_llvm()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return frozenset(line.partition(":")[2].split()) or _flags_from_llvm()


_LLVM_SPELLING = {
    "abm": "lzcnt",
    "avx512_vnni": "avx512vnni",
    "bmi1": "bmi",
    "lahf_lm": "sahf",
    "pni": "sse3",
    "sse4_1": "sse4.1",
    "sse4_2": "sse4.2",
}


def _flags_from_llvm() -> frozenset[str]:
    """The same flags as LLVM detects them, in /proc/cpuinfo's spelling."""
    import llvmlite.binding as llvm  # only here: loading a compiled model must not need llvmlite

    found = llvm.get_host_cpu_features()
    return frozenset(flag for flag in _VNNI_FLAGS if found.get(_LLVM_SPELLING.get(flag, flag)))
