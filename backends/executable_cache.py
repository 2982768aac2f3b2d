"""Compiled models on disk, so that the second compile of a model costs a read of both files.

Nothing here loads xdsl, onnx or llvmlite.

An entry is named after a hash of the model's content, of the options, and of everything that compiles it, and is a file as
`Session.save` writes it: its weights are mapped, so that processes share them. Not kept is a model whose entry would be larger
than a third of the bound, for it would push out the others, and one with ops that users have registered: what their functions do
is decided by code, closures and settings that no hash of a file covers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import knobs
from ..errors import BadExecutableError
from ..frontend.wire import WireError, strip
from ..registration import registered_domains
from ..runtime.executable import Program
from ..runtime.hashing import tree_digest
from ..runtime.model_file import map_file, read_program, unsaved, write_to
from .digest import compiler_digest
from .file_cache import FileCache

if TYPE_CHECKING:
    import onnx

SHARE = 0.75
"""The compiled models' part of the bound of the whole cache."""
_LARGEST = 1 / 3
_EXTERNAL = b"location"
"""A model whose weights are in other files says so with this word; such files are not looked at, so it is not kept."""
_TEXT_SUFFIX = ".onnxtxt"

_OPEN: dict[tuple[Path, int], FileCache] = {}


def executable_cache() -> FileCache:
    """The cache of compiled models where the knobs say it is."""
    place = knobs.cache_dir() / "executables", int(knobs.cache_size() * SHARE)
    if place not in _OPEN:
        _OPEN[place] = FileCache(*place, writes_between_sweeps=1)
    return _OPEN[place]


def executable_key(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    *,
    target: str,
    shapes: Mapping[str, Sequence[int]] | None,
    disable_pass: Sequence[str],
    strict_math: bool,
) -> str | None:
    """The name of a compiled model; None where its content isn't all in `model`, or can't be read."""
    if not knobs.executable_cache() or knobs.cache_size() == 0:
        return None
    content = _content_digest(model)
    if content is None:
        return None
    pinned = sorted((name, tuple(dims)) for name, dims in (shapes or {}).items())
    options = repr((target, pinned, tuple(disable_pass), strict_math, knobs.settings()))
    return hashlib.sha256("\0".join((compiler_digest(), content, options)).encode()).hexdigest()


def _content_digest(model: str | os.PathLike[str] | bytes | onnx.ModelProto) -> str | None:
    if isinstance(model, str | os.PathLike):
        try:
            data = memoryview(map_file(Path(model)))
        except (OSError, ValueError):
            return None
        return _digest(data, is_text=os.fspath(model).endswith(_TEXT_SUFFIX))
    if isinstance(model, bytes):
        return _digest(memoryview(model), is_text=False)
    try:
        return _digest(memoryview(model.SerializeToString(deterministic=True)), is_text=False)
    except ValueError:  # protobuf writes 2 GB at most
        return None


def _digest(data: memoryview, *, is_text: bool) -> str | None:
    try:
        rest = bytes(data) if is_text else strip(data).model
    except WireError:
        return None
    words = (_EXTERNAL, *(domain.encode() for domain in registered_domains()))
    return None if any(word in rest for word in words) else f"{is_text} {tree_digest(data)}"


def find_program(key: str) -> Program | None:
    """The compiled model, checked with its weights; a damaged entry goes."""
    path = executable_cache().find_file(key)
    if path is None:
        return None
    try:
        return read_program(path, verify=True, foreign=True)
    except (BadExecutableError, OSError):
        with suppress(OSError):
            path.unlink()
        return None


def keep_program(key: str, program: Program) -> None:
    """Put a compiled model into the cache, unless it is large."""
    cache = executable_cache()
    if not unsaved(program) and sum(array.nbytes for array in program.weights.values()) <= cache.limit * _LARGEST:
        cache.put_file(key, lambda file: write_to(program, file))
