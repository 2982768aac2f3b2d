"""Native code in memory: an image is read-only constants and code in pages of their own, and works wherever it is mapped."""

from __future__ import annotations

import ctypes
import mmap
import os
from dataclasses import dataclass
from typing import NamedTuple

from .. import knobs
from ..errors import UnsupportedPlatformError

_libc = ctypes.CDLL(None, use_errno=True)


class CodeSymbol(NamedTuple):
    """A function of an image: where it starts, counted from the start of the image, its bytes, and its name."""

    offset: int
    size: int
    name: str


@dataclass(frozen=True)
class Image:
    """Linked code that no address of which is fixed yet."""

    data: bytes
    code_start: int
    """Constants lie before this offset, code from it on; it is a multiple of the page size."""
    symbols: tuple[CodeSymbol, ...]


class MappedImage:
    """An image in memory of its own. The addresses are valid as long as this object lives, or until `close`.

    Pages are written first and made executable then: none is ever both. (Linux brings the instruction cache of AArch64 up to
    date when a page becomes executable.)

    Raises:
        UnsupportedPlatformError: the system allows no new code, or its pages are larger than the image's.
    """

    def __init__(self, image: Image) -> None:
        if image.code_start % mmap.PAGESIZE:
            raise UnsupportedPlatformError(f"pages of {mmap.PAGESIZE} bytes are larger than those of the code")
        self._memory = mmap.mmap(-1, len(image.data), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._memory.write(image.data)
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._offsets = {symbol.name: symbol.offset for symbol in image.symbols}
        self._protect(0, image.code_start, mmap.PROT_READ)
        self._protect(image.code_start, len(image.data), mmap.PROT_READ | mmap.PROT_EXEC)
        if knobs.perf_map():
            _write_perf_map(self._base, image)

    def _protect(self, start: int, end: int, protection: int) -> None:
        if end > start and _libc.mprotect(ctypes.c_void_p(self._base + start), ctypes.c_size_t(end - start), protection):
            raise UnsupportedPlatformError(f"the system refuses to run generated code: {os.strerror(ctypes.get_errno())}")

    def address(self, name: str) -> int:
        """Where the function `name` starts. Raises KeyError for one that the image doesn't have."""
        return self._base + self._offsets[name]

    def close(self) -> None:
        """Free the code. Nothing may run in it any more."""
        self._memory.close()


def _write_perf_map(base: int, image: Image) -> None:
    """Names for `perf`, which looks for those of generated code in /tmp/perf-PID.map: address, size (hexadecimal), name."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # others can put a link into /tmp
    with open(os.open(f"/tmp/perf-{os.getpid()}.map", flags, 0o600), "a") as file:
        file.writelines(f"{base + symbol.offset:x} {symbol.size:x} {symbol.name}\n" for symbol in image.symbols)
