"""Compiled models in a file: `model.tw`. Little-endian; docs/deployment.md has the layout in words.

header     64 bytes: magic, format version, 0, bytes of the file, where the manifest starts, SHA-256 of all that and of it
weights    each from a multiple of 64 bytes on, as kernels read them; equal ones once
code       constants, and code from a page of its own on
plan       JSON: the interface of the host program, functions of the code, and where weights are
manifest   JSON: versions, machine, inputs and outputs, and place and SHA-256 of the other parts
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from ..errors import BadExecutableError, BadOptionError
from .executable import Interface, Machine, Program, TensorSpec
from .hashing import sha256_of_each
from .image import CodeSymbol, Image
from .interface_json import decode_interface, encode_interface
from .machine import check_machine
from .weights import ALIGNMENT, Array, compact, dtype_by_name, is_splat

MAGIC = b"\x89TW\r\n\x1a\n\0"
"""As PNG's: a transfer that changes line ends or drops the eighth bit shows."""
FORMAT_VERSION = 2
"""Goes up when the layout, the context words (`codes.py`), the pool's words (`native/layout.py`) or the interface change."""
_HEADER = struct.Struct("<8sIIQQ32s")
_UNHASHED = 32
_PAGE = 1 << 12
_STAGE = "load"


# -- writing --------------------------------------------------------------------------------------------------------------------
def write_program(program: Program, path: Path) -> None:
    """Write a file that appears complete or not at all. Raises OSError where it can't be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            write_to(program, file)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def unsaved(program: Program) -> list[str]:
    """Weights that no file can hold: strings, which inputs have by default."""
    return sorted(key for key, array in program.weights.items() if array.dtype.hasobject)


def write_to(program: Program, file: IO[bytes]) -> None:
    """Write a program to an empty file. Raises BadOptionError for weights that are no numbers."""
    if unsaved(program):
        raise BadOptionError(f"a file holds numbers only, weight '{unsaved(program)[0]}' is of strings")
    file.write(bytes(_HEADER.size))
    _pad(file, _PAGE)
    rows = _write_weights(program.weights, file)
    image = program.image
    _pad(file, _PAGE)
    parts = {"code": _write_part(file, image.data)}
    plan = {
        "interface": encode_interface(program.interface),
        "code_start": image.code_start,
        "symbols": image.symbols,
        "weights": rows,
    }
    parts["plan"] = _write_part(file, _json(plan))
    start = file.tell()
    manifest = _json(_manifest(program, parts))
    file.write(manifest)
    head = _HEADER.pack(MAGIC, FORMAT_VERSION, 0, file.tell(), start, bytes(32))[:_UNHASHED]
    file.seek(0)
    file.write(head + hashlib.sha256(head + manifest).digest())


def _manifest(program: Program, parts: Mapping[str, Any]) -> dict[str, Any]:
    from importlib.metadata import version

    machine, interface = program.machine, program.interface
    return {
        "tilewright": version("tilewright"),
        "machine": {"target": machine.target, "arch": machine.arch, "cpu_flags": sorted(machine.cpu_flags)},
        "inputs": [_public(spec) for spec in interface.inputs],
        "outputs": [_public(spec) for spec in interface.outputs],
        "parts": parts,
    }


def _public(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "dtype": spec.dtype.name, "shape": spec.dims}


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _pad(file: IO[bytes], alignment: int) -> None:
    file.write(bytes(-file.tell() % alignment))


def _write_part(file: IO[bytes], data: bytes) -> dict[str, Any]:
    start = file.tell()
    file.write(data)
    return {"offset": start, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _write_weights(weights: Mapping[str, Array], file: IO[bytes]) -> dict[str, Any]:
    """Each content once; an array of one value as that value."""
    known: dict[str, int] = {}
    rows: dict[str, Any] = {}
    for key, array in sorted(weights.items()):
        array = compact(array)
        splat = is_splat(array)
        content = np.ascontiguousarray(array[(0,) * array.ndim] if splat else array)
        raw = content.reshape(-1).view(np.uint8).data
        digest = hashlib.sha256(raw).hexdigest()
        if digest not in known:
            _pad(file, ALIGNMENT)
            known[digest] = file.tell()
            file.write(raw)
        rows[key] = {
            "dtype": array.dtype.name,
            "shape": array.shape,
            "splat": splat,
            "offset": known[digest],
            "sha256": digest,
        }
    return rows


# -- reading --------------------------------------------------------------------------------------------------------------------
@dataclass
class _File:
    """A mapped file. `data` is read-only; arrays that view it keep it mapped."""

    path: Path
    data: Array

    def fail(self, reason: str) -> BadExecutableError:
        return BadExecutableError(f"'{self.path}' {reason}", stage=_STAGE)

    def part(self, entry: Mapping[str, Any], name: str) -> bytes:
        """A part that is read at once, if its checksum is right."""
        data = self.data[entry["offset"] : entry["offset"] + entry["size"]].tobytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise self.fail(f"is damaged: its {name} has another checksum")
        return data


def read_program(path: Path, *, verify: bool = False, foreign: bool = False) -> Program:
    """Read a compiled model, one for other machines too where `foreign` says so.

    Weights stay in the file, which is mapped and must not change while the program is in use.
    Checked are the file's size, the checksums of manifest, code and plan and, where `verify` asks for it, those of weights.

    Raises:
        BadExecutableError: the file is none, is damaged, or has another format version.
        UnsupportedPlatformError: this machine lacks what its code needs.
        OSError: it can't be read.
    """
    file = _File(path, np.frombuffer(map_file(path), np.uint8))
    try:
        return _read(file, verify, foreign)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise file.fail(f"is inconsistent: {type(error).__name__}: {error}") from error


def map_file(path: Path) -> bytes | mmap.mmap:
    """The bytes of a file, mapped, read-only."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""


def _read(file: _File, verify: bool, foreign: bool) -> Program:
    manifest = _read_manifest(file)
    needs = manifest["machine"]
    machine = Machine(needs["target"], needs["arch"], frozenset(needs["cpu_flags"]))
    if not foreign:
        check_machine(machine.arch, machine.cpu_flags)
    code, plan = (file.part(manifest["parts"][name], name) for name in ("code", "plan"))
    content = json.loads(plan)
    interface = decode_interface(content["interface"])
    image = Image(code, content["code_start"], tuple(CodeSymbol(*row) for row in content["symbols"]))
    return Program(interface, image, _read_weights(file, interface, content["weights"], verify), machine)


def _read_manifest(file: _File) -> dict[str, Any]:
    data = file.data
    if data.size < _HEADER.size or data[: len(MAGIC)].tobytes() != MAGIC:
        raise file.fail("is no compiled model")
    _, version, _, size, start, digest = _HEADER.unpack(data[: _HEADER.size].tobytes())
    if version != FORMAT_VERSION:
        raise file.fail(f"has format {version}, this version of tilewright reads {FORMAT_VERSION}: compile the model again")
    if size != data.size or not _HEADER.size <= start <= size:
        raise file.fail(f"is damaged: it has {data.size} bytes, expected {size}")
    manifest = data[start:].tobytes()
    if hashlib.sha256(data[:_UNHASHED].tobytes() + manifest).digest() != digest:
        raise file.fail("is damaged: its manifest has another checksum")
    return cast("dict[str, Any]", json.loads(manifest))


def _read_weights(file: _File, interface: Interface, rows: Mapping[str, Any], verify: bool) -> dict[str, Array]:
    if verify:
        _verify(file, rows)
    return {key: _read_weight(file, key, rows[key]) for key in dict.fromkeys((*interface.weights, *interface.defaults))}


def _span(row: Mapping[str, Any]) -> slice:
    """The bytes of a weight."""
    count = 1 if row["splat"] else int(np.prod(row["shape"], dtype=np.int64))
    return slice(row["offset"], row["offset"] + count * dtype_by_name(row["dtype"]).itemsize)


def _read_weight(file: _File, key: str, row: Mapping[str, Any]) -> Array:
    span, shape = _span(row), tuple(row["shape"])
    if not 0 <= span.start <= span.stop <= file.data.size:
        raise file.fail(f"is damaged: weight '{key}' lies outside of it")
    flat = file.data[span].view(dtype_by_name(row["dtype"]))
    return np.broadcast_to(flat[0], shape) if row["splat"] else flat.reshape(shape)


def _verify(file: _File, rows: Mapping[str, Any]) -> None:
    found = sha256_of_each(file.data[_span(row)].data for row in rows.values())
    for (key, row), digest in zip(rows.items(), found, strict=True):
        if digest != row["sha256"]:
            raise file.fail(f"is damaged: weight '{key}' has another checksum")
