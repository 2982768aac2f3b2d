"""Objects of compiled code on disk, so that the second compile of a kernel costs a file read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .. import knobs
from . import jit
from .file_cache import FileCache
from .targets import TargetModel

SHARE = 0.25
"""The objects' part of the bound of the whole cache; the rest is for compiled models."""


def object_key(ir_text: str, target: TargetModel) -> str:
    """The name of an object: everything that decides its bytes."""
    parts = (jit.LLVM_VERSION, jit.CODEGEN_OPTIONS, target.triple, target.cpu, target.features, ir_text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_OPEN: dict[tuple[Path, int], FileCache] = {}


def object_cache() -> FileCache:
    """The cache of objects where the knobs say it is."""
    place = knobs.cache_dir() / "objects", int(knobs.cache_size() * SHARE)
    if place not in _OPEN:
        _OPEN[place] = FileCache(*place)
    return _OPEN[place]


def cached_object(ir_text: str, target: TargetModel) -> bytes:
    """`jit.compile_object` through the cache. Raises CompileError for IR that is not valid."""
    cache, key = object_cache(), object_key(ir_text, target)
    known = cache.get(key)
    if known is None:
        known = jit.compile_object(ir_text, target)
        cache.put(key, known)
    return known
