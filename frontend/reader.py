"""Opening a model: from a path, bytes or a ModelProto to a checked proto and its weights, mapped where possible."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import parser

from ..errors import BadModelError
from ..runtime.model_file import MAGIC
from .tensors import ExternalFiles
from .wire import WireError, strip

TEXT_SUFFIX = ".onnxtxt"
ModelLike = str | os.PathLike[str] | bytes | onnx.ModelProto


@dataclass
class Source:
    """An opened model.

    Attributes:
        proto: the model; the raw data of initializers in `blobs` is left out of it.
        blobs: raw data of initializers, by their position in the graph.
        files: where external data is looked up.
    """

    proto: onnx.ModelProto
    blobs: Mapping[int, memoryview] = field(default_factory=dict[int, memoryview])
    files: ExternalFiles = field(default_factory=lambda: ExternalFiles(None))


def open_model(model: ModelLike) -> Source:
    """Read a model; BadModelError if it isn't one or can't be read. A file `*.onnxtxt` is in ONNX's textual syntax."""
    if isinstance(model, onnx.ModelProto):
        source = Source(model)
    elif isinstance(model, str | os.PathLike) and os.fspath(model).endswith(TEXT_SUFFIX):
        source = Source(parse_text(bytes(_map_file(Path(model)))), files=ExternalFiles(Path(model).parent))
    elif isinstance(model, bytes | bytearray | memoryview):
        source = _decode(memoryview(model), "the model", ExternalFiles(None))
    else:
        source = _decode(_map_file(Path(model)), f"'{model}'", ExternalFiles(Path(model).parent))
    _check_header(source.proto)
    return source


def parse_text(text: bytes) -> onnx.ModelProto:
    """A model in ONNX's textual syntax; BadModelError if it can't be parsed."""
    try:
        return parser.parse_model(text.decode())
    except (parser.ParseError, UnicodeDecodeError) as error:
        message = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise BadModelError(" ".join(message.split()), stage="import") from None


def _map_file(path: Path) -> memoryview:
    """The bytes of a file, mapped."""
    try:
        if not path.is_file():
            raise BadModelError(f"'{path}' is {'not a file' if path.exists() else 'not there'}", stage="import")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
    except (OSError, ValueError) as error:
        raise BadModelError(f"can't read '{path}': {error}", stage="import") from error


def _decode(data: memoryview, what: str, files: ExternalFiles) -> Source:
    if not data:
        raise BadModelError(f"{what} is empty", stage="import")
    if bytes(data[: len(MAGIC)]) == MAGIC:
        raise BadModelError(f"{what} is compiled already: tilewright.load takes it, and tilewright run and bench", stage="import")
    try:
        stripped = strip(data)
        proto = onnx.ModelProto.FromString(stripped.model)
    except (WireError, DecodeError) as error:
        raise BadModelError(f"{what} isn't an ONNX model, or is truncated: {error}", stage="import") from error
    blobs = {index: data[start:end] for index, (start, end) in stripped.blobs.items()}
    return Source(proto, blobs, files)


def _check_header(proto: onnx.ModelProto) -> None:
    """BadModelError unless the message has what every ONNX model has."""
    if not proto.HasField("graph") or proto.ir_version < 1:
        raise BadModelError("not an ONNX model: it has no graph or no ir_version", stage="import")
    if proto.ir_version >= 3 and not proto.opset_import:
        raise BadModelError("not an ONNX model: it names no opset", stage="import")
