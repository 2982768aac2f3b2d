"""Inputs and outputs as the C interface describes them: a record of 64-bit words each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from onnx import helper

from ..runtime.executable import TensorSpec
from .c_api_layout import ApiModel

NAME, DTYPE, RANK, DIMS, ITEMSIZE = range(5)
"""Words of a record: where its name is in the text, ONNX's number of the element type, the rank, the word of the table where its
dims start, bytes of an element."""
RECORD_WORDS = 5


class ElementType(NamedTuple):
    """An element type in C, and as ONNX numbers it."""

    c: str
    onnx: int


_BY_SIZE = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t", 8: "uint64_t"}
_C_TYPES = {"float32": "float", "float64": "double", "int2": "int8_t", "int4": "int8_t"}


def c_element(spec: TensorSpec) -> ElementType:
    """What a port's array consists of in C: types that C doesn't have are unsigned integers of their size."""
    name = spec.dtype.name
    signed = f"{name}_t" if spec.dtype.kind == "i" else ""
    c = _C_TYPES.get(name) or signed or _BY_SIZE[spec.dtype.itemsize]
    return ElementType(c, helper.np_dtype_to_tensor_dtype(spec.dtype))


def port_records(model: ApiModel, place: Callable[[str], int]) -> list[int]:
    """All records; `place` puts a name into the text and says where."""
    return [word for record in _records(model, place) for word in record]


def _records(model: ApiModel, place: Callable[[str], int]) -> Iterator[tuple[int, ...]]:
    dims = model.interface.facts_start
    for spec in model.ports:
        yield place(spec.name), c_element(spec).onnx, len(spec.dims), dims, spec.dtype.itemsize
        dims += len(spec.dims)
