"""The relocations that an image can have: those that say how far away something is, so that they hold wherever it is mapped.

One row each, for x86-64 (System V ABI, AMD64 supplement, table 4.9) and AArch64 (ELF for the Arm 64-bit Architecture, 5.7).
P is the place that changes, S + A what it refers to, both counted from the start of the image. An image starts at a page, so the
low 12 bits of an address and the distance of pages are those of the offsets. A reference through a global offset table
becomes a direct one: everything is in the image.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import CompileError

Apply = Callable[[bytearray, int, int], None]
"""Change the image at P for S + A."""

X86_64, AARCH64 = 62, 183
"""Numbers of machines in ELF."""


def apply(machine: int, kind: int, image: bytearray, place: int, value: int) -> None:
    """Apply a relocation of type `kind`. Raises CompileError for one that no row knows, and for what is too far away."""
    row = RELOCATIONS[machine].get(kind)
    if row is None:
        raise CompileError(f"a relocation of type {kind} can't be in a position-independent image", stage="link")
    try:
        row(image, place, value)
    except (OverflowError, ValueError) as error:
        raise CompileError(f"a relocation of type {kind} at byte {place}: {error}", stage="link") from error


def _relative(size: int) -> Apply:
    """S + A - P in `size` bytes."""

    def apply_relative(image: bytearray, place: int, value: int) -> None:
        image[place : place + size] = (value - place).to_bytes(size, "little", signed=True)

    return apply_relative


_MOV, _LEA = 0x8B, 0x8D


def _load_of_address(image: bytearray, place: int, value: int) -> None:
    """`mov reg, [rip + S@GOT]` -> `lea reg, [rip + S]`, as linkers relax it."""
    if image[place - 2] != _MOV:
        raise ValueError("only a mov can read an address")
    image[place - 2] = _LEA
    _relative(4)(image, place, value)


def _word(image: bytearray, place: int) -> int:
    return int.from_bytes(image[place : place + 4], "little")


def _set_field(image: bytearray, place: int, value: int, low: int, bits: int) -> None:
    """Put the low `bits` bits of a value into an instruction, from bit `low` on."""
    mask = (1 << bits) - 1
    word = _word(image, place) & ~(mask << low) | (value & mask) << low
    image[place : place + 4] = word.to_bytes(4, "little")


def _branch(bits: int, low: int) -> Apply:
    """The distance in instructions."""

    def apply_branch(image: bytearray, place: int, value: int) -> None:
        distance = value - place
        if distance % 4 or not -(1 << (bits + 1)) <= distance < 1 << (bits + 1):
            raise ValueError(f"a branch over {distance} bytes")
        _set_field(image, place, distance >> 2, low, bits)

    return apply_branch


def _address(image: bytearray, place: int, distance: int) -> None:
    """The 21 bits of `adr` and `adrp`."""
    if not -(1 << 20) <= distance < 1 << 20:
        raise ValueError(f"an address {distance} away")
    _set_field(image, place, distance, 29, 2)
    _set_field(image, place, distance >> 2, 5, 19)


def _adr(image: bytearray, place: int, value: int) -> None:
    _address(image, place, value - place)


def _adrp(image: bytearray, place: int, value: int) -> None:
    _address(image, place, (value >> 12) - (place >> 12))


def _low12(scale: int) -> Apply:
    """The low 12 bits, in units of what the instruction accesses."""

    def apply_low12(image: bytearray, place: int, value: int) -> None:
        if value % (1 << scale):
            raise ValueError(f"an access of {1 << scale} bytes at a misaligned address")
        _set_field(image, place, (value & 0xFFF) >> scale, 10, 12)

    return apply_low12


_LDR_X, _ADD_X, _REGISTERS = 0xF9400000, 0x91000000, 0x3FF


def _load_low12(image: bytearray, place: int, value: int) -> None:
    """`ldr x, [page, S@GOT]` -> `add x, page, S`, where the page is S's by then."""
    word = _word(image, place)
    if word & 0xFFC00000 != _LDR_X:
        raise ValueError("only a load of a register can read an address")
    image[place : place + 4] = (_ADD_X | word & _REGISTERS).to_bytes(4, "little")
    _set_field(image, place, value & 0xFFF, 10, 12)


RELOCATIONS: dict[int, dict[int, Apply]] = {
    X86_64: {
        2: _relative(4),  # PC32
        4: _relative(4),  # PLT32
        9: _load_of_address,  # GOTPCREL
        24: _relative(8),  # PC64
        41: _load_of_address,  # GOTPCRELX
        42: _load_of_address,  # REX_GOTPCRELX
    },
    AARCH64: {
        260: _relative(8),  # PREL64
        261: _relative(4),  # PREL32
        274: _adr,  # ADR_PREL_LO21
        275: _adrp,  # ADR_PREL_PG_HI21
        277: _low12(0),  # ADD_ABS_LO12_NC
        278: _low12(0),  # LDST8_ABS_LO12_NC
        279: _branch(14, 5),  # TSTBR14
        280: _branch(19, 5),  # CONDBR19
        282: _branch(26, 0),  # JUMP26
        283: _branch(26, 0),  # CALL26
        284: _low12(1),  # LDST16_ABS_LO12_NC
        285: _low12(2),  # LDST32_ABS_LO12_NC
        286: _low12(3),  # LDST64_ABS_LO12_NC
        299: _low12(4),  # LDST128_ABS_LO12_NC
        311: _adrp,  # ADR_GOT_PAGE
        312: _load_low12,  # LD64_GOT_LO12_NC
    },
}

PAGE_BYTES = {X86_64: 1 << 12, AARCH64: 1 << 16}
"""The largest page that a kernel for the machine has: code and constants are this far apart in an image."""
