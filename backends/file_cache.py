"""Files of a cache folder: compiled code and compiled models on disk.

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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

_MAGIC = b"tilewright-1\n"
_DIGEST_BYTES = 32
_SUFFIX = ".bin"
_STALE_SECONDS = 3600
_WRITES_BETWEEN_SWEEPS = 256


class FileCache:
    """Blobs by key in `folder`, which holds `limit` bytes at most, give or take what is written between two sweeps."""

    def __init__(self, folder: Path, limit: int, writes_between_sweeps: int = _WRITES_BETWEEN_SWEEPS) -> None:
        self.folder = folder
        self.limit = limit
        self._writes_between_sweeps = writes_between_sweeps
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
        self.put_file(key, lambda file: file.write(_MAGIC + hashlib.sha256(blob).digest() + blob))

    def put_file(self, key: str, write: Callable[[IO[bytes]], object]) -> None:
        """Keep a file that `write` writes and that carries checksums of its own, under the same terms."""
        if self.limit == 0 or not self._is_private():
            return
        with suppress(OSError):
            self._write(self._path(key), write)
        if self._writes % self._writes_between_sweeps == 0:
            self.sweep()
        self._writes += 1

    def find_file(self, key: str) -> Path | None:
        """Where a file is that was kept, if it is still there."""
        path = self._path(key)
        try:
            os.utime(path)  # the sweep removes what was used longest ago
        except OSError:
            return None
        return path if self._is_private() else None

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

    def _write(self, path: Path, write: Callable[[IO[bytes]], object]) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=self.folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                write(file)
            os.replace(temporary, path)
        except BaseException:
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
