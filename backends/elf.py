"""Reading ELF64 objects: which symbols they define and which they need. Layouts from elf(5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import CompileError

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMBOL_TABLE = 2
_UNDEFINED_SECTION = 0


class Section(NamedTuple):
    """A section header, in the order of elf(5)."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class Symbol(NamedTuple):
    name: str
    section: int
    """Index of the section that defines it; 0 where none does."""
    value: int
    size: int


def sections(data: bytes) -> list[Section]:
    """The section headers. Raises CompileError for anything but a little-endian ELF64 object."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < _HEADER.size:
        raise CompileError("not a little-endian ELF64 object", stage="link")
    header = _HEADER.unpack_from(data)
    offset, size, count = header[6], header[11], header[12]
    return [Section(*_SECTION.unpack_from(data, offset + size * number)) for number in range(count)]


def symbols(data: bytes) -> Iterator[Symbol]:
    """Every named symbol of an object."""
    headers = sections(data)
    for table in headers:
        if table.type != _SYMBOL_TABLE:
            continue
        strings = headers[table.link].offset
        for number in range(table.size // _SYMBOL.size):
            name, _, _, section, value, size = _SYMBOL.unpack_from(data, table.offset + number * _SYMBOL.size)
            if name:
                end = data.index(b"\0", strings + name)
                yield Symbol(data[strings + name : end].decode(), section, value, size)


def undefined_symbols(data: bytes) -> set[str]:
    """What an object needs from others."""
    return {symbol.name for symbol in symbols(data) if symbol.section == _UNDEFINED_SECTION}


def defined_symbols(data: bytes) -> set[str]:
    """What an object defines, labels of its own included."""
    return {symbol.name for symbol in symbols(data) if symbol.section != _UNDEFINED_SECTION}
