"""Compiled code on disk, so that the second compile of a kernel costs a file read.

An entry is one file, named after a hash of everything that the bytes depend on. It carries a checksum: an entry that was
cut short or changed is removed and made again. Writers race safely, because a file appears under its name complete or not
at all. The folder is readable by its owner only, since its content is executed; one that others could have written to is
not used.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

from .. import knobs
from . import jit
from .targets import TargetModel

_MAGIC = b"tilewright-1\n"
_DIGEST_BYTES = 32
_SUFFIX = ".bin"
_STALE_SECONDS = 3600
_WRITES_BETWEEN_SWEEPS = 256


class FileCache:
    """Blobs by key in `folder`, which holds `limit` bytes at most, give or take what is written between two sweeps."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._usable: bool | None = None
        self._writes = 0

    def get(self, key: str) -> bytes | None:
        """The blob, or None where there is no intact one."""
        path = self._path(key)
        if not self._is_private():
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        blob = _open_envelope(data)
        with suppress(OSError):
            if blob is None:
                path.unlink()
            else:
                os.utime(path)  # the sweep removes what was used longest ago
        return blob

    def put(self, key: str, blob: bytes) -> None:
        """Keep a blob. A full or read-only disk is no error: the cache is then smaller than it could be."""
        if self.limit == 0 or not self._is_private():
            return
        with suppress(OSError):
            self._write(self._path(key), _MAGIC + hashlib.sha256(blob).digest() + blob)
        if self._writes % _WRITES_BETWEEN_SWEEPS == 0:
            self.sweep()
        self._writes += 1

    def sweep(self) -> None:
        """Remove the entries used longest ago until the rest fits, and what writers that died left behind."""
        entries = sorted(self._entries(), key=lambda entry: entry[0])
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self.limit:
                break
            with suppress(OSError):
                path.unlink()
            total -= size

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of each entry; removes files that a writer left unfinished long ago."""
        found: list[tuple[float, int, Path]] = []
        with suppress(OSError):
            for item in os.scandir(self.folder):
                with suppress(OSError):
                    status = item.stat(follow_symlinks=False)
                    if item.name.endswith(_SUFFIX):
                        found.append((status.st_mtime, status.st_size, Path(item.path)))
                    elif status.st_mtime < time.time() - _STALE_SECONDS:
                        os.unlink(item.path)
        return found

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _write(self, path: Path, data: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=self.folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def _is_private(self) -> bool:
        """Whether the folder is there and nobody else can have put code into it; checked once."""
        if self._usable is None:
            self._usable = _make_private(self.folder)
        return self._usable


def _open_envelope(data: bytes) -> bytes | None:
    start = len(_MAGIC) + _DIGEST_BYTES
    blob = data[start:]
    intact = data[:start] == _MAGIC + hashlib.sha256(blob).digest()
    return blob if intact else None


def _make_private(folder: Path) -> bool:
    """Create the folder with mode 0700 and check that it is ours alone. Warns where it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        warnings.warn(f"no cache in {folder}: {error.strerror}", stacklevel=2)
        return False
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022:
        return True
    warnings.warn(f"no cache in {folder}: others can write to it", stacklevel=2)
    return False


def object_key(ir_text: str, target: TargetModel) -> str:
    """The name of an object: everything that decides its bytes."""
    parts = (jit.LLVM_VERSION, jit.CODEGEN_OPTIONS, target.triple, target.cpu, target.tune, target.features, ir_text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_OPEN: dict[tuple[Path, int], FileCache] = {}


def object_cache() -> FileCache:
    """The cache of objects where the knobs say it is."""
    place = knobs.cache_dir() / "objects", knobs.cache_size()
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
