"""Linking objects into one position-independent image: constants in front, code from a page of its own on.

Kernels need little of a linker: they have code and constants, refer to both relative to where they are, and call each other.
What an object has beyond that (data that can be written, a symbol that none defines, an address that is fixed when the
code is loaded) is refused by name. The same objects give the same bytes, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import CompileError
from ..runtime.image import CodeSymbol, Image
from . import elf
from .relocations import PAGE_BYTES, apply

_STAGE = "link"
_IMPLICIT_ALIGNMENT = 16


@dataclass
class _Layout:
    """Where sections of objects and their symbols come to lie, as offsets in the image."""

    data: bytearray = field(default_factory=bytearray)
    places: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """By object and number of section."""
    symbols: dict[str, CodeSymbol] = field(default_factory=dict[str, CodeSymbol])
    """Those that all objects know."""

    def align(self, size: int) -> None:
        self.data += bytes(-len(self.data) % size)


def link(objects: Mapping[str, bytes]) -> Image:
    """The image of objects by name, all for one machine.

    Raises CompileError for objects that are no ELF64 or for different machines; data that can be written; a symbol that two
    define or none; and a relocation that depends on where the image is mapped.
    """
    machine = _machine(objects)
    layout, names = _Layout(), sorted(objects)
    for name in names:
        _place(layout, name, objects[name], executable=False)
    layout.align(PAGE_BYTES[machine])
    code_start = len(layout.data)
    for name in names:
        _place(layout, name, objects[name], executable=True)
    layout.align(PAGE_BYTES[machine])
    for name in names:
        _define(layout, name, objects[name])
    _check_closed(layout, objects)
    for name in names:
        _relocate(layout, name, objects[name], machine)
    code = sorted(symbol for symbol in layout.symbols.values() if symbol.offset >= code_start)
    return Image(bytes(layout.data), code_start, tuple(code))


def _machine(objects: Mapping[str, bytes]) -> int:
    machines = {elf.machine(data) for data in objects.values()}
    if len(machines) != 1 or not machines <= PAGE_BYTES.keys():
        raise CompileError(f"objects for machines {sorted(machines)}, expected one of {sorted(PAGE_BYTES)}", stage=_STAGE)
    return machines.pop()


def _place(layout: _Layout, name: str, data: bytes, *, executable: bool) -> None:
    """Append the object's code, or its constants."""
    for number, section in enumerate(elf.sections(data)):
        if not section.flags & elf.ALLOCATE or section.type == elf.NOTE:
            continue
        if (section.flags & elf.WRITE or section.type == elf.NO_BITS) and section.size:
            raise CompileError(f"'{name}' has data that can be written, {elf.section_name(data, section)}", stage=_STAGE)
        if bool(section.flags & elf.EXECUTE) == executable and section.size:
            layout.align(max(section.alignment, _IMPLICIT_ALIGNMENT if executable else 1))
            layout.places[name, number] = len(layout.data)
            layout.data += data[section.offset : section.offset + section.size]


def _define(layout: _Layout, name: str, data: bytes) -> None:
    for symbol in elf.symbols(data):
        if symbol.binding == elf.LOCAL or symbol.section == elf.UNDEFINED_SECTION:
            continue
        if (name, symbol.section) not in layout.places:
            raise CompileError(f"symbol {symbol.name} of '{name}' is neither code nor a constant", stage=_STAGE)
        if symbol.name in layout.symbols:
            raise CompileError(f"symbol {symbol.name} is defined twice, once by '{name}'", stage=_STAGE)
        layout.symbols[symbol.name] = CodeSymbol(layout.places[name, symbol.section] + symbol.value, symbol.size, symbol.name)


def _check_closed(layout: _Layout, objects: Mapping[str, bytes]) -> None:
    missing = set[str]().union(*map(elf.undefined_symbols, objects.values())) - layout.symbols.keys()
    if missing:
        raise CompileError(f"generated code calls {', '.join(sorted(missing))}, which nothing defines", stage=_STAGE)


def _relocate(layout: _Layout, name: str, data: bytes, machine: int) -> None:
    table = elf.symbol_table(data)
    for (owner, number), start in layout.places.items():
        if owner == name:
            for relocation in elf.relocations(data, number):
                value = _value(layout, name, table[relocation.symbol]) + relocation.addend
                apply(machine, relocation.type, layout.data, start + relocation.offset, value)


def _value(layout: _Layout, name: str, symbol: elf.Symbol) -> int:
    """Where a symbol is, as this object sees it."""
    if symbol.section == elf.UNDEFINED_SECTION or symbol.binding != elf.LOCAL:
        return layout.symbols[symbol.name].offset
    if (name, symbol.section) not in layout.places:
        raise CompileError(f"'{name}' refers to {symbol.name or f'section {symbol.section}'}, which is not loaded", stage=_STAGE)
    return layout.places[name, symbol.section] + symbol.value
