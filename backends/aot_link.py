"""Making a shared library of an object with a C compiler: the system's, one for the target, or zig's from PyPI."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..errors import CompileError
from .targets import TargetModel

_MACHINES = {"x86-64": ("x86_64", "amd64"), "aarch64": ("aarch64", "arm64")}
_CROSS = {"x86-64": "x86_64-linux-gnu-gcc", "aarch64": "aarch64-linux-gnu-gcc"}
_ZIG = {"x86-64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}


def c_compiler(arch: str) -> list[str] | None:
    """The command of a C compiler for an architecture; None where there is none."""
    if platform.machine().lower() in _MACHINES[arch] and (system := shutil.which("cc")):
        return [system]
    if cross := shutil.which(_CROSS[arch]):
        return [cross]
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", "-target", _ZIG[arch]]
    return None


def link_shared(objects: bytes | bytearray, prefix: str, target: TargetModel) -> bytes:
    """A shared library that exports the names with the prefix and nothing else.

    Raises CompileError where there is no compiler for the target, or the linker fails.
    """
    compiler = c_compiler(target.arch)
    if compiler is None:
        wanted = f"cc for it, {_CROSS[target.arch]}, or ziglang from PyPI"
        raise CompileError(f"there is no C compiler to link for {target.arch}: install {wanted}", stage="link")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.o").write_bytes(objects)
        (folder / "exports").write_text(f"{{ global: {prefix}_*; local: *; }};\n")
        command = [
            *compiler,
            "-shared",
            "-o",
            "model.so",
            "model.o",
            "-Wl,--version-script=exports",
            "-Wl,-z,noexecstack",
            "-pthread",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise CompileError(f"{compiler[0]} can't link the model: {done.stderr.strip()}", stage="link")
        return (folder / "model.so").read_bytes()
