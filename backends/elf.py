"""Reading ELF64 objects: their sections, symbols and relocations. Layouts from elf(5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import CompileError

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
SYMBOL_TABLE, _RELOCATIONS, NO_BITS, NOTE, _RELOCATIONS_WITHOUT_ADDENDS = 2, 4, 8, 7, 9
WRITE, ALLOCATE, EXECUTE = 1, 2, 4
"""Flags of sections."""
UNDEFINED_SECTION, FIRST_RESERVED_SECTION = 0, 0xFF00
LOCAL = 0
"""The binding of a symbol that only its own object knows."""


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
    binding: int = LOCAL


class Relocation(NamedTuple):
    """A place in a section that depends on where a symbol comes to lie."""

    offset: int
    type: int
    symbol: int
    """Index in the symbol table."""
    addend: int


def machine(data: bytes) -> int:
    """The number of the machine that an object is for (`e_machine`)."""
    sections(data)
    return int(HEADER.unpack_from(data)[2])


def section_name(data: bytes, section: Section) -> str:
    """The name of a section."""
    names = sections(data)[int(HEADER.unpack_from(data)[13])]
    return _text(data, names.offset + section.name)


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode()


def sections(data: bytes) -> list[Section]:
    """The section headers. Raises CompileError for anything but a little-endian ELF64 object."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < HEADER.size:
        raise CompileError("not a little-endian ELF64 object", stage="link")
    header = HEADER.unpack_from(data)
    offset, size, count = header[6], header[11], header[12]
    return [Section(*SECTION.unpack_from(data, offset + size * number)) for number in range(count)]


def symbol_table(data: bytes) -> list[Symbol]:
    """Every symbol of an object in its order; sections' own have no name."""
    found: list[Symbol] = []
    headers = sections(data)
    for table in headers:
        if table.type != SYMBOL_TABLE:
            continue
        strings = headers[table.link].offset
        for number in range(table.size // SYMBOL.size):
            name, info, _, section, value, size = SYMBOL.unpack_from(data, table.offset + number * SYMBOL.size)
            found.append(Symbol(_text(data, strings + name) if name else "", section, value, size, info >> 4))
    return found


def symbols(data: bytes) -> Iterator[Symbol]:
    """Every named symbol of an object."""
    return (symbol for symbol in symbol_table(data) if symbol.name)


def relocations(data: bytes, section: int) -> Iterator[Relocation]:
    """The relocations of the section with this number. Raises CompileError for the form that x86-64 and AArch64 don't use."""
    for table in sections(data):
        if table.info != section or table.type not in (_RELOCATIONS, _RELOCATIONS_WITHOUT_ADDENDS):
            continue
        if table.type == _RELOCATIONS_WITHOUT_ADDENDS:
            raise CompileError("relocations without addends", stage="link")
        for at in range(table.offset, table.offset + table.size, _RELOCATION.size):
            offset, info, addend = _RELOCATION.unpack_from(data, at)
            yield Relocation(offset, info & 0xFFFFFFFF, info >> 32, addend)


def undefined_symbols(data: bytes) -> set[str]:
    """What an object needs from others."""
    return {symbol.name for symbol in symbols(data) if symbol.section == UNDEFINED_SECTION}


def defined_symbols(data: bytes) -> set[str]:
    """What an object defines, labels of its own included."""
    return {symbol.name for symbol in symbols(data) if symbol.section != UNDEFINED_SECTION}
