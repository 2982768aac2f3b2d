"""The weight store: every array of a model that is too big to stand in the IR.

The IR names an entry, `#graph.weight<"conv1.weight">`; the array lives here and never in an attribute, where tens of
megabytes would cost seconds to print and parse. Passes never change an entry: folding, packing and re-laying out add a new
one, most often a recipe (`derive`) that is computed when it is first read, so that a weight and its packed form need not be
in memory at the same time. An entry of one repeated value takes no memory at all.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import BadModelError, CompileError

if TYPE_CHECKING:
    from ..dialects.graph.attrs import WeightAttr

Array = NDArray[Any]
ALIGNMENT = 64
"""Entries of a saved store start at multiples of this many bytes."""

_PROBE = 64  # elements looked at before a whole array is scanned for being of one value


@dataclass
class _Entry:
    """An array, or a recipe for one together with its result once that has been computed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    array: Array | None = None
    recipe: Callable[..., Array] | None = None
    inputs: tuple[str, ...] = ()
    digest: str | None = None


class WeightStore:
    """Arrays by key. Arrays that come out are read-only; keys are unique and never change their meaning."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()

    # -- adding -------------------------------------------------------------------------------------------------------
    def add(self, key: str, array: Array) -> WeightAttr:
        """Store `array` (not copied) under a new key; ValueError if the key is taken.

        An array that isn't aligned to its elements, such as one mapped from a model file, is copied when it is first read.
        """
        view = compact(np.asarray(array))
        if view.flags.aligned:
            return self._insert(key, _Entry(view.shape, view.dtype, view))
        return self._insert(key, _Entry(view.shape, view.dtype, recipe=view.copy))

    def derive(
        self, key: str, recipe: Callable[..., Array], inputs: Sequence[str], shape: Sequence[int], dtype: DTypeLike
    ) -> WeightAttr:
        """Store `recipe(*arrays of inputs)`, computed when it is first read.

        The recipe must be a pure function; its result must have this shape and dtype (CompileError at the first read
        otherwise). KeyError if an input is unknown, ValueError if the key is taken.
        """
        for name in inputs:
            self._entry(name)
        return self._insert(key, _Entry(tuple(shape), np.dtype(dtype), recipe=recipe, inputs=tuple(inputs)))

    def unique(self, name: str) -> str:
        """`name`, or `name.1`, `name.2`, ... : the first that is free."""
        if name not in self._entries:
            return name
        return next(k for k in (f"{name}.{i}" for i in range(1, len(self._entries) + 2)) if k not in self._entries)

    def _insert(self, key: str, entry: _Entry) -> WeightAttr:
        with self._lock:
            if key in self._entries:
                raise ValueError(f"weight '{key}' is already in the store")
            self._entries[key] = entry
        return self.attribute(key)

    # -- reading ------------------------------------------------------------------------------------------------------
    def attribute(self, key: str) -> WeightAttr:
        """The attribute that names this entry in the IR."""
        from xdsl.dialects.builtin import StringAttr

        from ..dialects.graph.attrs import WeightAttr  # a session that only runs loads no xdsl

        self._entry(key)
        return WeightAttr(StringAttr(key))

    def __getitem__(self, key: str) -> Array:
        """The array, read-only and aligned to its elements; KeyError if there is no such entry."""
        entry = self._entry(key)
        with self._lock:
            if entry.array is None:
                entry.array = self._compute(key, entry)
            return entry.array

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self, key: str) -> tuple[int, ...]:
        return self._entry(key).shape

    def dtype(self, key: str) -> np.dtype[Any]:
        return self._entry(key).dtype

    def splat(self, key: str) -> Any | None:
        """The value of an entry that repeats one (a numpy scalar), else None. Doesn't compute a recipe."""
        array = self._entry(key).array
        return array[(0,) * array.ndim] if array is not None and is_splat(array) else None

    def is_computed(self, key: str) -> bool:
        """Whether the array is at hand; False for a recipe that was not read yet."""
        return self._entry(key).array is not None

    def digest(self, key: str) -> str:
        """Hash of dtype, shape and content; two entries with the same digest are interchangeable."""
        entry = self._entry(key)
        if entry.digest is None:
            resident = entry.array is not None
            entry.digest = _digest(self[key])
            if not resident:
                self.release(key)
        return entry.digest

    def _entry(self, key: str) -> _Entry:
        try:
            return self._entries[key]
        except KeyError:
            raise KeyError(f"no weight '{key}' in the store") from None

    def _compute(self, key: str, entry: _Entry) -> Array:
        assert entry.recipe is not None
        result = np.asarray(entry.recipe(*(self[name] for name in entry.inputs)))
        if result.shape != entry.shape or result.dtype != entry.dtype:
            got, expected = f"{result.dtype}{list(result.shape)}", f"{entry.dtype}{list(entry.shape)}"
            raise CompileError(f"recipe of weight '{key}' gave {got}, expected {expected}")
        return compact(result)

    # -- memory -------------------------------------------------------------------------------------------------------
    def release(self, key: str) -> None:
        """Forget what a recipe or a copy made; the next read makes it again. Other entries keep their array."""
        entry = self._entry(key)
        if entry.recipe is not None:
            entry.array = None

    def retain(self, keys: Iterable[str]) -> None:
        """Compute these entries and drop all others, with what they hold in memory."""
        kept = {key: self._entry(key) for key in keys}
        with self._lock:
            for key, entry in kept.items():
                entry.array = self[key]
            for entry in kept.values():
                entry.recipe, entry.inputs = None, ()
            self._entries = kept

    # -- disk ---------------------------------------------------------------------------------------------------------
    def save(self, folder: str | Path, keys: Iterable[str] | None = None) -> None:
        """Write entries (all, or these) to `folder`: `weights.json` and the bytes in `weights.bin`.

        Recipes are computed one at a time and released again unless they had been computed before.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        rows: dict[str, Any] = {}
        with (folder / "weights.bin").open("wb") as data:
            for key in self if keys is None else keys:
                resident = self._entry(key).array is not None
                rows[key] = _write(data, self[key])
                if not resident:
                    self.release(key)
        (folder / "weights.json").write_text(json.dumps(rows, indent=0))

    @staticmethod
    def load(folder: str | Path) -> WeightStore:
        """A store that was saved; its arrays are mapped from the file. BadModelError if it is damaged."""
        store, folder = WeightStore(), Path(folder)
        try:
            rows = json.loads((folder / "weights.json").read_text())
            size = (folder / "weights.bin").stat().st_size
            data = np.memmap(folder / "weights.bin", np.uint8, "r") if size else np.empty(0, np.uint8)
            for key, row in rows.items():
                store.add(key, _read(data, row))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadModelError(f"can't read the weights in '{folder}': {error}") from error
        return store


def is_splat(array: Array) -> bool:
    """Whether `array` is stored as one repeated value (zero strides), or has one element."""
    return array.size > 0 and all(s == 0 or d == 1 for s, d in zip(array.strides, array.shape, strict=True))


def compact(array: Array) -> Array:
    """A read-only view, with zero strides where all elements have the same bytes."""
    view = array.view(np.ndarray)
    if not is_splat(view) and _is_uniform(view):
        view = np.broadcast_to(view[(0,) * view.ndim], view.shape)
    view = view.view()
    view.flags.writeable = False
    return view


def _is_uniform(array: Array) -> bool:
    if array.size < 2 or not array.flags.c_contiguous:
        return False
    raw = array.reshape(-1).view(np.dtype((np.void, array.dtype.itemsize)))
    return bool((raw[:_PROBE] == raw[0]).all()) and bool((raw == raw[0]).all())


def _digest(array: Array) -> str:
    splat = is_splat(array)
    head = json.dumps([array.dtype.name, list(array.shape), splat])
    content = array[(0,) * array.ndim] if splat else np.ascontiguousarray(array)
    state = hashlib.blake2b(head.encode(), digest_size=20)
    state.update(np.ascontiguousarray(content).reshape(-1).view(np.uint8).data)
    return state.hexdigest()


def _bytes(array: Array) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def _write(data: Any, array: Array) -> dict[str, Any]:
    splat = is_splat(array)
    data.write(b"\0" * (-data.tell() % ALIGNMENT))
    row = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": data.tell(), "splat": splat}
    data.write(_bytes(array[(0,) * array.ndim] if splat else array))
    return row


def _read(data: Array, row: dict[str, Any]) -> Array:
    dtype, shape = dtype_by_name(row["dtype"]), tuple(row["shape"])
    count = 1 if row["splat"] else int(np.prod(shape, dtype=np.int64))
    end = row["offset"] + count * dtype.itemsize
    if row["offset"] < 0 or end > data.size:
        raise ValueError(f"bytes {row['offset']} to {end} of weights.bin are not there")
    flat = data[row["offset"] : end].view(dtype)
    return np.broadcast_to(flat[0], shape) if row["splat"] else flat.reshape(shape)


def dtype_by_name(name: str) -> np.dtype[Any]:
    """A dtype by its name, those of `ml_dtypes` (bfloat16, float8_*, int4) included; TypeError if there is none."""
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name, name))
