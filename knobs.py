"""Environment variables, all of them, typed.

Each knob is read when it is asked for, so a test can change the environment. An ill-formed value raises.
"""

import os
from pathlib import Path


def cache_dir() -> Path:
    """TILEWRIGHT_CACHE_DIR: where objects and executables are cached. Default: ~/.cache/tilewright (XDG_CACHE_HOME)."""
    chosen = os.environ.get("TILEWRIGHT_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tilewright"


def cache_bytes() -> int:
    """TILEWRIGHT_CACHE_BYTES: how large the cache may grow before the oldest entries go. 0 turns it off."""
    return _integer("TILEWRIGHT_CACHE_BYTES", 1 << 30)


def _integer(name: str, default: int) -> int:
    """The non-negative integer in variable `name`. Raises ValueError for anything else."""
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise ValueError(f"{name} must be a non-negative integer, got {text!r}")
    return int(text)
