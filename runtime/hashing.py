"""Checksums of large data by several threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from .cpus import available_cpus

_CHUNK = 8 << 20


def sha256(data: memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of_each(pieces: Iterable[memoryview]) -> list[str]:
    """SHA-256 of each piece; the interpreter's lock is not held over one."""
    found = list(pieces)
    threads = min(available_cpus(), len(found))
    if threads < 2 or sum(piece.nbytes for piece in found) < _CHUNK:
        return [sha256(piece) for piece in found]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(sha256, found))


def tree_digest(data: memoryview) -> str:
    """SHA-256 of the SHA-256 of pieces of a fixed size."""
    pieces = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    return sha256(memoryview("".join(sha256_of_each(pieces)).encode()))
