"""The inputs and outputs of a model on the way into native code: quick checks, and the words of the table that take addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .executable import Interface
from .memory import address_of

Array = NDArray[Any]
Words = memoryview
"""The table as 64-bit words: setting one costs a fifth of what numpy needs."""


class Ports:
    """What binding arrays to a model needs, worked out once."""

    def __init__(self, interface: Interface) -> None:
        self.input_names = tuple(spec.name for spec in interface.inputs)
        self.output_names = tuple(spec.name for spec in interface.outputs)
        self._inputs = tuple((spec.name, spec.dtype) for spec in interface.inputs)
        self.output_dtypes = tuple(spec.dtype for spec in interface.outputs)
        self._words = {kind: _by_index(interface, kind) for kind in ("input", "output", "weight", "arena")}

    def quick(self, feeds: Mapping[str, Any] | Sequence[Any]) -> list[Array] | None:
        """The inputs, where all are there and usable as they are; None where the full checks must say what is wrong or copy.

        Shapes are not looked at.
        """
        inputs = self._inputs
        if len(feeds) != len(inputs):
            return None
        if not isinstance(feeds, dict):
            feeds = dict(zip(self.input_names, cast("Sequence[Any]", feeds), strict=True))
        arrays: list[Array] = []
        for name, dtype in inputs:
            value = feeds.get(name)
            if type(value) is not np.ndarray or value.dtype != dtype:
                return None
            flags = value.flags
            if not (flags.carray or (flags.c_contiguous and flags.aligned)):
                return None
            arrays.append(value)
        return arrays

    def bind(self, table: Words, kind: str, arrays: Iterable[Array]) -> None:
        """Write the address of each array of this kind."""
        places = iter(self._words[kind])
        for array in arrays:
            address = address_of(array)
            for word in next(places, ()):
                table[word] = address

    def rebase(self, table: Words, kind: str, base: int) -> None:
        """Turn offsets into addresses."""
        for words in self._words[kind]:
            for word in words:
                table[word] += base


def _by_index(interface: Interface, kind: str) -> tuple[tuple[int, ...], ...]:
    """For each buffer of this kind, by its number, the words of the table that point to it."""
    found: dict[int, list[int]] = {}
    for pointer in interface.pointers:
        if pointer.kind == kind:
            found.setdefault(pointer.index, []).append(pointer.word)
    return tuple(tuple(found.get(index, ())) for index in range(max(found, default=-1) + 1))
