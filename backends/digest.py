"""A hash of what turns a model into code: our sources, and the packages that take part. Imports none of them."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
KERNEL_SOURCES = ("backends", "dialects", "lowering", "passes", "runtime/native")
"""Folders that decide what code a kernel becomes."""
ALL_SOURCES = (*KERNEL_SOURCES, "frontend", "runtime", ".")
"""Folders that decide what a model becomes."""
_KERNEL_PACKAGES = ("xdsl", "llvmlite")
_ALL_PACKAGES = (*_KERNEL_PACKAGES, "numpy", "onnx")


@cache
def kernel_digest() -> str:
    """What an object of a kernel depends on besides the kernel and the target."""
    return _digest(KERNEL_SOURCES, _KERNEL_PACKAGES)


@cache
def compiler_digest() -> str:
    """What a compiled model depends on besides the model, the options and the target."""
    return _digest(ALL_SOURCES, _ALL_PACKAGES)


def _digest(folders: tuple[str, ...], packages: tuple[str, ...]) -> str:
    versions = " ".join(f"{name}={version(name)}" for name in packages)
    state = hashlib.sha256(f"python={sys.version_info[:2]} {versions}".encode())
    found = {path for folder in folders for path in (ROOT / folder).glob("*.py" if folder == "." else "**/*.py")}
    for path in sorted(found):
        state.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()
