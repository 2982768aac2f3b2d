"""Buffers that end (or start) at a protected page."""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PAGE = mmap.PAGESIZE


def guarded(array: Array, at_end: bool) -> tuple[Array, mmap.mmap]:
    """A copy of the array that ends right before (or starts right after) a page that faults on access."""
    pages = -(-max(array.nbytes, 1) // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, pages + 1):
        assert libc.mprotect(ctypes.c_void_p(base + page * PAGE), PAGE, 0) == 0
    offset = PAGE * (pages + 1) - array.nbytes if at_end else PAGE
    view = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
    view[...] = array
    return view, memory
