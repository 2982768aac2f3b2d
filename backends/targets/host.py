"""What the machine that we run on can do."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .model import Arch
from .x86_64 import VNNI_FLAGS

_CPUINFO = Path("/proc/cpuinfo")
_ARCHES: dict[str, Arch] = {"x86_64": "x86-64", "AMD64": "x86-64", "aarch64": "aarch64", "arm64": "aarch64"}
_ARM = 0x41
"""Arm Limited, as the implementer in MIDR_EL1."""


@cache
def host_arch() -> Arch | None:
    """This process's architecture; None for one that there are no models of."""
    return _ARCHES.get(platform.machine())


@cache
def host_flags() -> frozenset[str]:
    """The processor's flags in /proc/cpuinfo's spelling."""
    return _auxiliary_flags() if host_arch() == "aarch64" else _x86_flags()


# -- AArch64 ---------------------------------------------------------------------------------------------------------------
_AT_HWCAP, _AT_HWCAP2 = 16, 26
HWCAP = {_AT_HWCAP: {0: "fp", 1: "asimd", 8: "atomics", 20: "asimddp", 22: "sve"}, _AT_HWCAP2: {13: "i8mm", 14: "bf16"}}
"""Bits of the auxiliary vector, from Linux's arch/arm64/include/uapi/asm/hwcap.h."""


def _auxiliary_flags() -> frozenset[str]:
    """What the kernel tells every process; an emulator tells what it emulates, while /proc/cpuinfo is still its host's."""
    getauxval = ctypes.CDLL(None).getauxval
    getauxval.restype, getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    return flags_of_hwcap({entry: int(getauxval(entry)) for entry in HWCAP})


def flags_of_hwcap(words: Mapping[int, int]) -> frozenset[str]:
    """The names of the bits that are set in words of the auxiliary vector, by their type."""
    return frozenset(name for entry, bits in HWCAP.items() for bit, name in bits.items() if words[entry] >> bit & 1)


@cache
def host_parts() -> frozenset[int]:
    """The part numbers of this machine's cores where all are Arm's own; several where cores differ."""
    if host_arch() != "aarch64":
        return frozenset()
    try:
        return parts_of_cpuinfo(_CPUINFO.read_text())
    except OSError:
        return frozenset()


def parts_of_cpuinfo(text: str) -> frozenset[int]:
    """The part numbers in /proc/cpuinfo of an AArch64 machine, none where a core is not Arm's own."""
    rows = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
    implementers = {int(value, 0) for key, value in rows if key == "CPU implementer"}
    return frozenset(int(value, 0) for key, value in rows if key == "CPU part") if implementers == {_ARM} else frozenset()


# -- x86-64 ----------------------------------------------------------------------------------------------------------------
def _x86_flags() -> frozenset[str]:
    """The kernel clears the flags of register state that it does not save, so a flag in /proc/cpuinfo is one that user code may
    rely on. Without a readable /proc LLVM is asked, which checks XCR0 itself."""
    try:
        text = _CPUINFO.read_text()
    except OSError:
        return flags_from_llvm()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return frozenset(line.partition(":")[2].split()) or flags_from_llvm()


_LLVM_SPELLING = {
    "abm": "lzcnt",
    "avx512_vnni": "avx512vnni",
    "bmi1": "bmi",
    "lahf_lm": "sahf",
    "pni": "sse3",
    "sse4_1": "sse4.1",
    "sse4_2": "sse4.2",
}


def flags_from_llvm() -> frozenset[str]:
    """The flags of an x86-64 processor as LLVM detects them, in /proc/cpuinfo's spelling."""
    import llvmlite.binding as llvm  # only here: loading a compiled model must not need llvmlite

    found = llvm.get_host_cpu_features()
    return frozenset(flag for flag in VNNI_FLAGS if found.get(_LLVM_SPELLING.get(flag, flag)))
