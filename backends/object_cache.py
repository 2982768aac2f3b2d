"""Objects of compiled code on disk, so that the second compile of a kernel costs a file read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from .. import knobs
from . import jit
from .file_cache import FileCache
from .targets import TargetModel
from .workers import compile_objects

SHARE = 0.25
"""The objects' part of the bound of the whole cache; the rest is for compiled models."""


def object_key(ir_text: str, target: TargetModel) -> str:
    """The name of an object: everything that decides its bytes."""
    parts = (jit.LLVM_VERSION, jit.CODEGEN_OPTIONS, target.triple, target.cpu, target.tune, target.features, ir_text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_OPEN: dict[tuple[Path, int], FileCache] = {}


def object_cache() -> FileCache:
    """The cache of objects where the knobs say it is."""
    place = knobs.cache_dir() / "objects", int(knobs.cache_size() * SHARE)
    if place not in _OPEN:
        _OPEN[place] = FileCache(*place)
    return _OPEN[place]


def cached_objects(ir_texts: Mapping[str, str], target: TargetModel) -> dict[str, bytes]:
    """Objects of units by name, from the cache or generated. Raises CompileError for IR that is not valid."""
    cache, keys = object_cache(), {name: object_key(text, target) for name, text in ir_texts.items()}
    known = {name: cache.get(key) for name, key in keys.items()}
    made = compile_objects({name: ir_texts[name] for name, data in known.items() if data is None}, target)
    for name, data in made.items():
        cache.put(keys[name], data)
    return {name: made[name] if data is None else data for name, data in known.items()}


def cached_object(ir_text: str, target: TargetModel) -> bytes:
    """One of them."""
    return cached_objects({"": ir_text}, target)[""]
