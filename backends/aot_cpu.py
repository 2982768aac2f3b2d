"""The line of a C header that tells whether the processor has what the code needs.

`init` can't: LLVM has no intrinsic for `cpuid`. C compilers have a builtin that asks once, and on AArch64 the kernel says it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .targets import TargetModel
from .targets.host import HWCAP

_BUILTIN = {"pni": "sse3", "sse4_1": "sse4.1", "sse4_2": "sse4.2", "bmi1": "bmi", "avx512_vnni": "avx512vnni"}
"""Flags of /proc/cpuinfo that `__builtin_cpu_supports` calls otherwise."""
_NEWER = frozenset({"abm", "cx16", "f16c", "lahf_lm", "movbe", "xsave"})
"""Flags that older compilers' builtins don't know; a processor that has the others of its level has them, too."""


def cpu_lines(prefix: str, target: TargetModel) -> Iterator[str]:
    """The definition of PREFIX_CPU_OK for a target."""
    condition = _x86(target) if target.arch == "x86-64" else _aarch64(target)
    yield f"/* Whether this processor can run the code: ask before {prefix}_init, which doesn't. Takes {_needs(target)}. */"
    yield f"#define {prefix.upper()}_CPU_OK ({condition})"


def _needs(target: TargetModel) -> str:
    return "<sys/auxv.h>" if target.arch == "aarch64" else "GCC or Clang"


def _x86(target: TargetModel) -> str:
    names = sorted(_BUILTIN.get(flag, flag) for flag in target.cpu_flags - _NEWER)
    return " && ".join(f'__builtin_cpu_supports("{name}")' for name in names)


def _aarch64(target: TargetModel) -> str:
    masks = {entry: sum(1 << bit for bit, flag in bits.items() if flag in target.cpu_flags) for entry, bits in HWCAP.items()}
    return " && ".join(f"(getauxval({entry}) & {mask:#x}UL) == {mask:#x}UL" for entry, mask in masks.items() if mask)
