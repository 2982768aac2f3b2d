"""Arrays of the command line: files, random inputs, tables."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from rich.console import Console

from tilewright.cli.arrays import describe, load_arrays, parse_pairs, random_arrays
from tilewright.errors import BadInputError, BadOptionError


class Spec(NamedTuple):
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str, ...]


def test_pairs() -> None:
    assert parse_pairs("--dim", ["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(BadOptionError, match="--dim: expected NAME=VALUE, got 'a'"):
        parse_pairs("--dim", ["a"])


def test_random_arrays_are_repeatable_and_follow_symbols() -> None:
    specs = [Spec("x", np.dtype("f4"), ("batch", 3)), Spec("ids", np.dtype("i8"), ("batch", "sequence"))]
    first, second = (random_arrays(specs, {"batch": 2}, seed=1) for _ in range(2))
    assert {name: (array.dtype.name, array.shape) for name, array in first.items()} == {
        "x": ("float32", (2, 3)),
        "ids": ("int64", (2, 1)),
    }
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert set(np.unique(first["ids"])) <= {0, 1}


def test_files(tmp_path: Path) -> None:
    x, y = np.arange(3), np.ones((2, 2), np.float32)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "plain.npz", x=x, y=y)
    np.savez(tmp_path / "zoo.npz", input_names=["p", "q"], in0=x, in1=y)
    assert load_arrays([tmp_path / "plain.npz"], {}).keys() == {"x", "y"}
    assert load_arrays([tmp_path / "zoo.npz"], {"r": tmp_path / "x.npy"}).keys() == {"p", "q", "r"}


def test_bad_files(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no array")
    np.save(tmp_path / "x.npy", np.arange(3))
    np.savez(tmp_path / "x.npz", x=np.arange(3))
    with pytest.raises(BadInputError, match=r"input 'x': expected a .npy or .npz file"):
        load_arrays([], {"x": tmp_path / "text.npy"})
    with pytest.raises(BadInputError, match="No such file"):
        load_arrays([], {"x": tmp_path / "missing.npy"})
    with pytest.raises(BadInputError, match="expected one array"):
        load_arrays([], {"x": tmp_path / "x.npz"})
    with pytest.raises(BadOptionError, match="holds one array"):
        load_arrays([tmp_path / "x.npy"], {})


def test_table() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(describe({"y": np.array([[1.0, 4.0]], np.float32), "none": np.empty((0,), np.int8)}))
    text = capture.get()
    assert all(part in text for part in ("y", "float32", "1x2", "2.5", "int8"))
