"""ONNX tensors as numpy arrays: inline, typed or external data, checked before a byte is used."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import BadModelError
from ..runtime.weights import Array

MAX_BYTES = 1 << 46
"""No tensor is larger: beyond it, sizes and offsets would no longer be safe in 64 bits."""

_SUB_BYTE = {
    TensorProto.INT4: 4,
    TensorProto.UINT4: 4,
    TensorProto.FLOAT4E2M1: 4,
    getattr(TensorProto, "INT2", -1): 2,
    getattr(TensorProto, "UINT2", -1): 2,
}


class ExternalFiles:
    """External data files in the folder of a model, each mapped once. Without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._mapped: dict[str, Array] = {}

    def read(self, location: str, offset: int, length: int) -> Array:
        """Bytes of a file; ValueError (with the reason) if it isn't a plain file inside the folder or is too short."""
        data = self._mapped.get(location)
        if data is None:
            data = self._mapped[location] = self._map(location)
        if offset < 0 or length < 0 or offset + length > data.size:
            raise ValueError(f"bytes {offset} to {offset + length} are not in '{location}', which has {data.size}")
        return data[offset : offset + length]

    def size(self, location: str) -> int:
        self.read(location, 0, 0)
        return self._mapped[location].size

    def _map(self, location: str) -> Array:
        if self._folder is None:
            raise ValueError(f"it is in the file '{location}', but the model wasn't read from a file")
        path = _inside(self._folder, location)
        try:
            status = path.lstat()
        except OSError as error:
            raise ValueError(f"can't read '{location}': {error.strerror}") from error
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"'{location}' is not a plain file")
        return np.memmap(path, np.uint8, "r") if status.st_size else np.empty(0, np.uint8)


def _inside(folder: Path, location: str) -> Path:
    """The path of an external file; ValueError if it leaves the folder by `..`, an absolute path or a symbolic link."""
    parts = Path(location).parts
    if not location or "\0" in location or os.path.isabs(location) or "\\" in location or ".." in parts:
        raise ValueError(f"external data '{location}' is outside the model's folder")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise ValueError(f"external data '{location}' goes through a symbolic link")
    return path


def dtype_of(element: int) -> np.dtype[np.generic]:
    """The numpy dtype of an ONNX element type; ValueError if it has none."""
    try:
        return helper.tensor_dtype_to_np_dtype(element)
    except KeyError:
        raise ValueError(f"unknown element type {element}") from None


def to_array(tensor: TensorProto, files: ExternalFiles, blob: memoryview | None = None) -> Array:
    """The array of a tensor, of dtype object for strings. `blob` is its raw data where that was left out of it.

    BadModelError, naming the tensor, if the data doesn't fit type and dims.
    """
    try:
        return _to_array(tensor, files, blob)
    except (ValueError, TypeError, OverflowError, MemoryError, OSError) as error:
        raise BadModelError(f"tensor '{tensor.name}': {error}", stage="import") from error


def _to_array(tensor: TensorProto, files: ExternalFiles, blob: memoryview | None) -> Array:
    dims = tuple(tensor.dims)
    if any(d < 0 for d in dims):
        raise ValueError(f"it has a negative dim: {list(dims)}")
    dtype, count = dtype_of(tensor.data_type), math.prod(dims)
    if tensor.data_type != TensorProto.STRING and count * dtype.itemsize > MAX_BYTES:
        raise ValueError(f"dims {list(dims)} are too large")
    size = _byte_size(tensor.data_type, dtype, count)
    if tensor.data_location == TensorProto.EXTERNAL:
        return _from_bytes(_external(tensor, files, size), tensor.data_type, dtype, dims)
    if blob is not None or tensor.HasField("raw_data"):
        raw = np.frombuffer(tensor.raw_data if blob is None else blob, np.uint8)
        if raw.size != size:
            raise ValueError(f"it has {raw.size} bytes of data, its dims want {size}")
        return _from_bytes(raw, tensor.data_type, dtype, dims)
    return _typed(tensor, dims)


def _byte_size(element: int, dtype: np.dtype[np.generic], count: int) -> int:
    bits = _SUB_BYTE.get(element, dtype.itemsize * 8)
    return (count * bits + 7) // 8


def _from_bytes(raw: Array, element: int, dtype: np.dtype[np.generic], dims: tuple[int, ...]) -> Array:
    """Little-endian bytes of the right number as an array, not copied and maybe not aligned."""
    if element == TensorProto.STRING:
        raise ValueError("strings don't come as raw data")
    if element in _SUB_BYTE:
        tensor = TensorProto(data_type=element, dims=dims, raw_data=raw.tobytes())
        return numpy_helper.to_array(tensor)
    return raw.view(dtype).reshape(dims)


def _external(tensor: TensorProto, files: ExternalFiles, size: int) -> Array:
    info = {entry.key: entry.value for entry in tensor.external_data}
    location = info.get("location", "")
    offset = _number(info.get("offset", "0"), "offset")
    length = _number(info["length"], "length") if "length" in info else files.size(location) - offset
    if length != size:
        raise ValueError(f"it has {length} bytes of external data, its dims want {size}")
    return files.read(location, offset, length)


def _number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(f"its external {what} is '{text}'")
    return int(text)


def _typed(tensor: TensorProto, dims: tuple[int, ...]) -> Array:
    """Data in one of the repeated fields (`float_data`, ...)."""
    if tensor.data_type in _SUB_BYTE or tensor.data_type == TensorProto.UNDEFINED:
        return numpy_helper.to_array(tensor)
    field = helper.tensor_dtype_to_field(tensor.data_type)
    values = 2 if tensor.data_type in (TensorProto.COMPLEX64, TensorProto.COMPLEX128) else 1
    given, wanted = len(getattr(tensor, field)), math.prod(dims) * values
    if given != wanted:
        raise ValueError(f"it has {given} values, its dims want {wanted}")
    return numpy_helper.to_array(tensor)


def sparse_to_array(sparse: onnx.SparseTensorProto, files: ExternalFiles) -> Array:
    """A sparse tensor (COO, linear or per-dim indices) as a dense array; BadModelError if it is malformed."""
    values, indices = to_array(sparse.values, files), to_array(sparse.indices, files)
    dims = tuple(sparse.dims)
    try:
        if any(d < 0 for d in dims) or math.prod(dims) * values.dtype.itemsize > 1 << 31:
            raise ValueError(f"its dims {list(dims)} are negative or too large")
        dense = np.zeros(dims, values.dtype)
        where = np.unravel_index(indices, dims) if indices.ndim == 1 else tuple(indices.T)
        dense[where] = values
    except (ValueError, IndexError, TypeError, MemoryError) as error:
        raise BadModelError(f"sparse tensor '{sparse.values.name}': {error}", stage="import") from error
    return dense
