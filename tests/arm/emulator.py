"""Compiling a model for AArch64 and running it in qemu's user-mode emulator: runner.c maps its image as a session does.

Needs `qemu-aarch64` and `aarch64-linux-gnu-gcc` (Debian: qemu-user, gcc-aarch64-linux-gnu).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tilewright.backends.load import build_program
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.runtime.executable import Interface, TensorSpec

Array = NDArray[Any]
_GCC = "aarch64-linux-gnu-gcc"
_KINDS = {"input": 0, "output": 1, "weight": 2, "arena": 3}


def emulator() -> str | None:
    """The emulator's path; None where it or the cross compiler is missing."""
    found = next(filter(None, map(shutil.which, ("qemu-aarch64", "qemu-aarch64-static"))), None)
    return found if shutil.which(_GCC) else None


EMULATED = pytest.mark.skipif(emulator() is None, reason="qemu-aarch64 or aarch64-linux-gnu-gcc is missing")
LONG = os.environ.get("TILEWRIGHT_TEST_ARM") == "all"
"""Whether to run what takes long: `make test-arm`."""


@cache
def _runner() -> Path:
    """runner.c, compiled once in this process."""
    program = Path(mkdtemp(prefix="tw-arm-")) / "runner"
    source = Path(__file__).with_name("runner.c")
    subprocess.run([_GCC, "-O1", "-static", "-Wall", "-Werror", source, "-o", program], check=True)
    return program


PROCESSORS = {"aarch64-neon": "cortex-a53", "aarch64-neoverse-n1": "neoverse-n1"}
"""qemu's processor by target, where it has one without what the target does not name: an instruction that it lacks ends a run."""
_ANY_PROCESSOR = "max,sve=off"


class EmulatedSession:
    """A model compiled for an AArch64 target; `run` starts the emulator.

    Raises what the compiler raises, and NotImplementedError for a model some of whose values are no numeric tensors.
    """

    def __init__(self, model: str | Path | bytes | onnx.ModelProto, target: str) -> None:
        compilation = compile_to_ir(model, CompileOptions(target=target, reuse_kernels=False))
        program = build_program(compilation.module, compilation.session.weights, {})
        self.cpu = PROCESSORS.get(target, _ANY_PROCESSOR)
        self.interface, self.image = program.interface, program.image
        if self.interface.objects:
            raise NotImplementedError("objects need a host")
        self.weights = [np.ascontiguousarray(program.weights[key]) for key in self.interface.weights]
        self.defaults = {key: program.weights[key] for key in self.interface.defaults}

    def run(self, feeds: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
        """The outputs by name. RuntimeError where the emulator or the model stops with an error."""
        inputs = _arrays(self.interface, feeds, self.defaults)
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "case").write_bytes(self._code() + self._case(inputs))
            command = [emulator() or "", "-cpu", self.cpu, _runner(), folder / "case", folder / "result"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode:
                raise RuntimeError(f"the emulator ended with {done.returncode}: {done.stderr.strip()}")
            return self._outputs((folder / "result").read_bytes())

    def _code(self) -> bytes:
        image = self.image
        places = {symbol.name: symbol.offset for symbol in image.symbols}
        words = [len(image.data), image.code_start, places["tw_plan"], places["tw_run"]]
        return np.array(words, "<i8").tobytes() + image.data

    def _case(self, inputs: Sequence[Array]) -> bytes:
        interface = self.interface
        symbols = [_size_of(interface, symbol, inputs) for symbol in interface.symbols]
        words = [interface.words, len(symbols), *symbols, len(interface.pointers)]
        for pointer in interface.pointers:
            words += [pointer.word, _KINDS[pointer.kind], pointer.index]
        words.append(len(interface.outputs))
        for index, (spec, start) in enumerate(zip(interface.outputs, self._facts(), strict=True)):
            words += [spec.dtype.itemsize, len(spec.dims), start, interface.grown_outputs.get(index, -1)]
        words.append(interface.slots)
        for arrays in (inputs, self.weights):
            words += [len(arrays), *(array.nbytes for array in arrays)]
        return np.array(words, "<i8").tobytes() + b"".join(array.tobytes() for array in (*inputs, *self.weights))

    def _facts(self) -> list[int]:
        """Where the dims of each output are in the table."""
        position = self.interface.facts_start + sum(len(spec.dims) for spec in self.interface.inputs)
        starts: list[int] = []
        for spec in self.interface.outputs:
            starts.append(position)
            position += len(spec.dims)
        return starts

    def _outputs(self, data: bytes) -> dict[str, Array]:
        status, *table = np.frombuffer(data, "<i8", 1 + self.interface.words).tolist()
        if status:
            raise RuntimeError(f"the run ended with code {status:#x}")
        position, found = 8 + 8 * self.interface.words, dict[str, Array]()
        for spec, start in zip(self.interface.outputs, self._facts(), strict=True):
            shape = table[start : start + len(spec.dims)]
            count = int(np.prod(shape, dtype=np.int64))
            found[spec.name] = np.frombuffer(data, spec.dtype, count, position).reshape(shape)
            position += count * spec.dtype.itemsize
        return found


def _arrays(interface: Interface, feeds: Mapping[str, Array] | Sequence[Array], defaults: Mapping[str, Array]) -> list[Array]:
    """The inputs in order, row-major, with defaults where none is given."""
    specs = interface.inputs
    if not isinstance(feeds, Mapping):
        named = [s for s in specs if s.default is None] if len(feeds) < len(specs) else specs
        feeds = {spec.name: array for spec, array in zip(named, feeds, strict=True)}
    return [_array(spec, feeds[spec.name] if spec.name in feeds else defaults[spec.default or ""]) for spec in specs]


def _array(spec: TensorSpec, value: Array) -> Array:
    array = np.asarray(value)
    assert array.dtype == spec.dtype, f"{spec.name}: {array.dtype}, not {spec.dtype}"
    return np.ascontiguousarray(array).reshape(array.shape)


def _size_of(interface: Interface, symbol: str, inputs: Sequence[Array]) -> int:
    """The size that an input gives a symbol."""
    for spec, array in zip(interface.inputs, inputs, strict=True):
        if symbol in spec.dims:
            return array.shape[spec.dims.index(symbol)]
    raise AssertionError(f"no input has a dim '{symbol}'")
