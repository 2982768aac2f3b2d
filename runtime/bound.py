"""A run with its arrays bound: nothing is checked, copied or allocated any more when it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError, RunError
from .executable import TensorSpec

Array = NDArray[Any]


class BoundRun:
    """What `Session.bind` gives: `run()` reads the bound inputs as they are then, and writes the bound outputs.

    Safe to call from several threads, one of which runs at a time; bind once for each thread to run side by side.
    """

    __slots__ = ("_call", "_error", "_keep", "_lock", "inputs", "outputs")

    def __init__(
        self,
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
        call: Callable[[], int],
        error: Callable[[int], RunError],
        keep: Any,
    ) -> None:
        self.inputs, self.outputs = inputs, outputs
        self._call, self._error, self._keep = call, error, keep
        self._lock = threading.Lock()

    @property
    def memory(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The context and the table that native code gets."""
        scratches, table, *_ = self._keep
        return scratches.context, table

    def run(self) -> None:
        """Run the model once. Raises RunError where a kernel reports one; the outputs are undefined then."""
        with self._lock:
            code = self._call()
        if code:
            raise self._error(code)


def check_bound(specs: Sequence[TensorSpec], shapes: Sequence[tuple[int, ...]], arrays: Mapping[str, Any]) -> None:
    """Raise BadInputError unless native code can use these arrays in place: dtype, shape, order and alignment."""
    known = {spec.name: (spec, shape) for spec, shape in zip(specs, shapes, strict=True)}
    for name, array in arrays.items():
        if name not in known:
            raise BadInputError(name, "one of " + ", ".join(known), "an unknown name")
        spec, shape = known[name]
        if type(array) is not np.ndarray:
            raise BadInputError(name, "a numpy array", type(array).__name__)
        if array.dtype != spec.dtype or array.shape != shape:
            raise BadInputError(name, f"{spec.dtype}{list(shape)}", f"{array.dtype}{list(array.shape)}")
        if not (array.flags.c_contiguous and array.flags.aligned):
            raise BadInputError(name, "a contiguous, aligned array (bound arrays are not copied)", f"strides {array.strides}")


def check_apart(inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> None:
    """Raise BadInputError where an output can't be written, or shares memory with an input or another output."""
    seen: list[tuple[str, Array]] = list(inputs.items())
    for name, array in outputs.items():
        if not array.flags.writeable:
            raise BadInputError(name, "an array that can be written", "a read-only one")
        for other, taken in seen:
            if np.may_share_memory(array, taken):
                raise BadInputError(name, "memory of its own", f"that of '{other}'")
        seen.append((name, array))
