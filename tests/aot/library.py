"""Models compiled ahead of time by the command line, and called through ctypes as C would call them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from tilewright.cli.main import main

Array = NDArray[Any]
POINTER, SIZE, TEXT, INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int32
RESULTS = {"create": POINTER, "destroy": None, "workspace_bytes": SIZE, "error": TEXT, "last_error": TEXT, "version": TEXT}
FACTS = {"name": TEXT, "dtype": INT, "rank": INT, "shape": ctypes.POINTER(ctypes.c_int64), "bytes": SIZE}


def save(model: onnx.ModelProto, folder: Path, name: str = "model") -> Path:
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def emit(model: Path, output: Path, *options: str) -> Path:
    """`tilewright compile MODEL --emit FORM -o OUTPUT`, the form by the output's suffix; must succeed."""
    form = {".o": "obj", ".so": "so", ".h": "c-header"}[output.suffix]
    assert main(["compile", str(model), "--emit", form, "-o", str(output), *options]) == 0
    return output


def address(array: Array | None) -> ctypes.c_void_p:
    return POINTER(None if array is None else array.ctypes.data)


def aligned(size: int, offset: int = 0) -> NDArray[np.uint8]:
    """Bytes that start `offset` behind a multiple of 64, filled with what nobody wrote."""
    raw = np.full(size + 128, 0xA5, np.uint8)
    start = -raw.ctypes.data % 64 + offset
    return raw[start : start + size]


@dataclass
class Library:
    """A shared library of one model."""

    path: Path
    prefix: str

    def __post_init__(self) -> None:
        self._code = ctypes.CDLL(str(self.path))

    @property
    def constants(self) -> dict[str, int]:
        """What the header defines, without the prefix."""
        text = self.path.with_suffix(".h").read_text()
        found = re.findall(rf"^#define {self.prefix.upper()}_(\w+) \(?(-?\d+)\)?", text, re.MULTILINE)
        return {name: int(value) for name, value in found}

    def call(self, name: str, *arguments: Any) -> Any:
        function = getattr(self._code, f"{self.prefix}_{name}")
        kind = name.split("_", 1)
        function.restype = FACTS[kind[1]] if kind[0] in ("input", "output", "result") else RESULTS.get(name, INT)
        return function(*arguments)

    def has(self, name: str) -> bool:
        return hasattr(self._code, f"{self.prefix}_{name}")

    def run(self, workspace: Any, inputs: Sequence[Array | None], outputs: Sequence[Array | None]) -> int:
        return self.call("run", POINTER(workspace), *map(address, (*inputs, *outputs)))

    def results(self, feeds: Mapping[str, Array], like: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs of a run in a workspace of the library's own, twice in a row the same."""
        workspace = self.call("create")
        assert workspace
        found: list[dict[str, Array]] = []
        for _ in range(2):
            outputs = {name: np.full_like(array, 1) for name, array in like.items()}
            code = self.run(workspace, list(feeds.values()), list(outputs.values()))
            assert code == 0, self.call("last_error", POINTER(workspace))
            found.append(outputs)
        self.call("destroy", POINTER(workspace))
        for name, first in found[0].items():
            assert first.tobytes() == found[1][name].tobytes()
        return found[0]


def assert_same(found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Bit for bit."""
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes(), name
