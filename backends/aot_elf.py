"""Adding a block of data to a relocatable ELF64 object, under a symbol that the object refers to. Layouts from elf(5).

Weights get into an object this way: they are bytes of a file from the first to the last moment, never constants of LLVM.
"""

from __future__ import annotations

import struct
from typing import Any

from ..errors import CompileError
from .elf import HEADER, SECTION, SYMBOL, SYMBOL_TABLE, UNDEFINED_SECTION, Section, sections

_PROGBITS, _ALLOC = 1, 2
_NAME = b".rodata.weights"
_HEADER_OFFSET, _HEADER_COUNT, _HEADER_NAMES = 6, 12, 13
"""Where section headers are, how many, and which names them: fields of the ELF header."""
_SYMBOL_SECTION_AT = struct.calcsize("<IBB")


def define_data(data: bytes, symbol: str, content: bytes | bytearray, alignment: int) -> bytearray:
    """The object with one more section, read-only, that holds `content`, and in which the undefined `symbol` starts.

    Section names are written anew behind it, then the section headers, so that nothing else moves. Raises CompileError for an
    object that does not refer to the symbol.
    """
    headers = sections(data)
    fields: list[Any] = list(HEADER.unpack_from(data))
    named_by = int(fields[_HEADER_NAMES])
    names = headers[named_by]
    text = data[names.offset : names.offset + names.size] + _NAME + b"\0"
    result = bytearray(data)
    _define(result, headers, symbol, len(headers))
    start = _append(result, content, alignment)
    added = Section(names.size, _PROGBITS, _ALLOC, 0, start, len(content), 0, 0, alignment, 0)
    place = _append(result, text, 1)
    headers[named_by] = names._replace(offset=place, size=len(text))
    table = b"".join(SECTION.pack(*header) for header in [*headers, added])
    fields[_HEADER_OFFSET] = _append(result, table, 8)
    fields[_HEADER_COUNT] = len(headers) + 1
    HEADER.pack_into(result, 0, *fields)
    return result


def _append(result: bytearray, content: bytes | bytearray, alignment: int) -> int:
    """Add bytes at a multiple of `alignment`; where they start."""
    result += b"\0" * (-len(result) % alignment)
    start = len(result)
    result += content
    return start


def _define(result: bytearray, headers: list[Section], symbol: str, section: int) -> None:
    """Let an undefined symbol be the start of a section."""
    for table in (header for header in headers if header.type == SYMBOL_TABLE):
        strings = headers[table.link].offset
        for place in range(table.offset, table.offset + table.size, SYMBOL.size):
            name, _, _, defined, _, _ = SYMBOL.unpack_from(result, place)
            end = result.index(b"\0", strings + name)
            if defined == UNDEFINED_SECTION and bytes(result[strings + name : end]) == symbol.encode():
                struct.pack_into("<H", result, place + _SYMBOL_SECTION_AT, section)
                return
    raise CompileError(f"the object does not refer to '{symbol}'", stage="link")
