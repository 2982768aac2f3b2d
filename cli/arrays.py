"""Arrays for the command line: inputs from files or at random, and tables of outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from ..errors import BadInputError, BadOptionError

Array = NDArray[Any]
Arrays = dict[str, Array]


class Spec(Protocol):
    """What is known of an input: a dim is a number or the name of a symbol."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def shape(self) -> Sequence[int | str]: ...


def parse_pairs(option: str, pairs: Iterable[str]) -> dict[str, str]:
    """``["x=a.npy"]`` -> ``{"x": "a.npy"}``. BadOptionError for a pair without ``=``."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not value:
            raise BadOptionError(f"{option}: expected NAME=VALUE, got '{pair}'")
        found[name] = value
    return found


def load_arrays(files: Iterable[Path], named: Mapping[str, Path]) -> Arrays:
    """Arrays of .npz files under their names there, and of ``named`` .npy files. BadInputError for unreadable ones."""
    arrays: Arrays = {}
    for path in files:
        loaded = _load(path, path.name)
        if isinstance(loaded, np.ndarray):
            raise BadOptionError(f"'{path}' holds one array: give it as NAME={path}")
        arrays |= _named_arrays(loaded)
    for name, path in named.items():
        array = _load(path, name)
        if not isinstance(array, np.ndarray):
            raise BadInputError(name, "one array (.npy)", f"the archive '{path}'")
        arrays[name] = array
    return arrays


def _load(path: Path, name: str) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadInputError(name, "a .npy or .npz file", f"'{path}': {error}") from error


def _named_arrays(archive: Mapping[str, Array]) -> Arrays:
    """The archive's arrays; one with ``input_names`` (as benchmarks/zoo/inflate.py writes) calls them in0, in1, ..."""
    if "input_names" not in archive:
        return dict(archive)
    return {name: archive[f"in{i}"] for i, name in enumerate(archive["input_names"].tolist())}


def random_arrays(specs: Iterable[Spec], dims: Mapping[str, int], seed: int) -> Arrays:
    """Standard normal floats, integers 0 and 1 (valid as token ids and masks); symbols that ``dims`` doesn't name are 1."""
    rng = np.random.default_rng(seed)
    return {spec.name: _random(rng, spec, dims) for spec in specs}


def _random(rng: np.random.Generator, spec: Spec, dims: Mapping[str, int]) -> Array:
    shape = [dim if isinstance(dim, int) else dims.get(dim, 1) for dim in spec.shape]
    if spec.dtype.kind in "biu":
        return rng.integers(0, 2, shape).astype(spec.dtype)
    return rng.standard_normal(shape).astype(spec.dtype)


def describe(arrays: Mapping[str, Array]) -> Table:
    """One row an array: name, dtype, shape, least, greatest and mean value."""
    table = Table("output", "dtype", "shape", "min", "max", "mean")
    for name, array in arrays.items():
        table.add_row(name, str(array.dtype), "x".join(map(str, array.shape)) or "scalar", *_statistics(array))
    return table


def _statistics(array: Array) -> list[str]:
    if array.size == 0 or array.dtype.kind not in "biuf":
        return ["", "", ""]
    wide = array.astype(np.float64)
    return [f"{value:.6g}" for value in (wide.min(), wide.max(), wide.mean())]


def relative_difference(ours: Array, theirs: Array) -> float:
    """max|a-b| / max|b|; 0 for equal arrays, infinite where shape, dtype or the place of a NaN differ."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    if np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f"):
        return 0.0
    if theirs.dtype.kind not in "f":
        return float("inf")
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return float("inf")
    a, b = ours[finite].astype(np.float64), theirs[finite].astype(np.float64)
    return float(np.abs(a - b).max(initial=0.0) / max(np.abs(b).max(initial=0.0), 1e-30))
