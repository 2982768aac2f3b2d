"""Finding the big initializers in an ONNX file without parsing them.

protobuf copies every byte of a file twice before a weight can be read. This walks the wire format (protobuf's "Encoding"
page) of `ModelProto.graph.initializer[*].raw_data` only, and gives the model with those bytes left out, together with where
they are; the caller maps them from the file instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

KEEP = 1024
"""Raw data below this many bytes stays in the model."""

_MODEL_GRAPH, _GRAPH_INITIALIZER, _TENSOR_RAW_DATA = 7, 5, 9
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no protobuf message of the kind expected, or end too early."""


@dataclass
class Stripped:
    """A serialized model without its large raw data.

    Attributes:
        model: what is left, a valid ModelProto.
        blobs: (start, end) in the original bytes, by the initializer's position in the graph.
    """

    model: bytes = b""
    blobs: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])


def strip(data: memoryview) -> Stripped:
    """Leave out the raw data of large initializers; WireError if `data` doesn't scan."""
    result, initializers = Stripped(), 0
    pieces: list[bytes | memoryview] = []
    for number, head, start, end in _fields(data, 0, len(data)):
        if number != _MODEL_GRAPH:
            pieces.append(data[head:end])
            continue
        graph: list[bytes | memoryview] = []
        for inner, inner_head, inner_start, inner_end in _fields(data, start, end):
            blob = None
            if inner == _GRAPH_INITIALIZER:
                blob = _raw_data(data, inner_start, inner_end)
                if blob is not None:
                    result.blobs[initializers] = blob[1:]
                initializers += 1
            if blob is None:
                graph.append(data[inner_head:inner_end])
            else:
                graph += _message(_GRAPH_INITIALIZER, [data[inner_start : blob[0]], data[blob[2] : inner_end]])
        pieces += _message(_MODEL_GRAPH, graph)
    result.model = b"".join(pieces)
    return result


def _raw_data(data: memoryview, start: int, end: int) -> tuple[int, int, int] | None:
    """(head, start, end) of the raw data field of a tensor if it is large and the only one."""
    if end - start < KEEP:
        return None
    found = [(head, s, e) for number, head, s, e in _fields(data, start, end) if number == _TENSOR_RAW_DATA]
    return found[0] if len(found) == 1 and found[0][2] - found[0][1] >= KEEP else None


def _fields(data: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(field number, start of its tag, start and end of its payload) of a message in data[at:end]."""
    while at < end:
        head = at
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == _BYTES:
            length, at = _varint(data, at, end)
        elif kind == _VARINT:
            _, stop = _varint(data, at, end)
            length = stop - at
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise WireError(f"wire type {kind} at byte {head}")
        if at + length > end:
            raise WireError(f"a field at byte {head} runs past the end")
        yield tag >> 3, head, at, at + length
        at += length


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise WireError(f"a number at byte {at} doesn't end")


def _message(number: int, pieces: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """A length-delimited field."""
    return [_encode(number << 3 | _BYTES) + _encode(sum(map(len, pieces))), *pieces]


def _encode(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
