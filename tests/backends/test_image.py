"""Linking objects into an image: what is in it, that it is the same every time, and what is refused."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from tilewright.backends import elf
from tilewright.backends.image import link
from tilewright.backends.jit import compile_object
from tilewright.backends.relocations import AARCH64, X86_64, apply
from tilewright.backends.targets import TargetModel, host_target
from tilewright.errors import CompileError
from tilewright.runtime.image import Image, MappedImage

CALLER = """
@table = private constant [4 x float] [float 1.0, float 2.0, float 4.0, float 8.0], align 16
declare float @tw_b(float)
define float @tw_a(i64 %i) {
  %p = getelementptr float, ptr @table, i64 %i
  %x = load float, ptr %p
  %y = call float @tw_b(float %x)
  %z = fadd float %y, 0x3FF19999A0000000
  ret float %z
}
"""
CALLEE = "define float @tw_b(float %x) {\n  %y = fmul float %x, 3.0\n  ret float %y\n}\n"
ADDRESS = "declare float @tw_b(float)\ndefine ptr @tw_address() {\n  ret ptr @tw_b\n}\n"
FMOD = "define float @tw_f(float %x) {\n  %y = frem float %x, 3.0\n  ret float %y\n}\n"
WRITABLE = "@tw_state = global i32 7\ndefine i32 @tw_f() {\n  %x = load i32, ptr @tw_state\n  ret i32 %x\n}\n"
ABSOLUTE = "@tw_place = constant ptr @tw_f\ndefine i32 @tw_f() {\n  ret i32 1\n}\n"


def objects(*texts: str, target: TargetModel | None = None) -> dict[str, bytes]:
    return {f"unit{i}": compile_object(text, target or host_target()) for i, text in enumerate(texts)}


def arm_objects(*texts: str) -> dict[str, bytes]:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine(
        cpu="generic", opt=2, reloc="pic", codemodel="small"
    )
    return {f"unit{i}": machine.emit_object(llvm.parse_assembly(text)) for i, text in enumerate(texts)}


def offset(image: Image, name: str) -> int:
    return next(symbol.offset for symbol in image.symbols if symbol.name == name)


def test_objects_call_each_other_and_read_constants() -> None:
    code = MappedImage(link(objects(CALLER, CALLEE)))
    function = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64)(code.address("tw_a"))
    assert [function(i) for i in range(4)] == pytest.approx([3 * x + 1.1 for x in (1, 2, 4, 8)])
    with pytest.raises(KeyError):
        code.address("tw_c")
    code.close()


def test_addresses_of_functions_need_no_table() -> None:
    code = MappedImage(link(objects(ADDRESS, CALLEE)))
    assert ctypes.CFUNCTYPE(ctypes.c_void_p)(code.address("tw_address"))() == code.address("tw_b")


def test_order_of_objects_does_not_matter() -> None:
    found = objects(CALLER, CALLEE, ADDRESS)
    assert link(found) == link(dict(reversed(found.items())))


def test_memory_is_never_writable_and_executable() -> None:
    image = link(objects(CALLER, CALLEE))
    code = MappedImage(image)
    start = code.address("tw_a") - offset(image, "tw_a")
    end = start + len(image.data)
    rows = [line.split()[:2] for line in Path("/proc/self/maps").read_text().splitlines()]
    spans = [(*(int(part, 16) for part in place.split("-")), rights) for place, rights in rows]
    assert [rights for low, high, rights in spans if low < end and high > start] == ["r--p", "r-xp"]
    assert (start, start + image.code_start, "r--p") in spans


def test_perf_finds_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWRIGHT_PERF_MAP", "1")
    path = Path(f"/tmp/perf-{os.getpid()}.map")
    try:
        code = MappedImage(link(objects(CALLER, CALLEE)))
        rows = [line.split() for line in path.read_text().splitlines()]
    finally:
        path.unlink(missing_ok=True)
    assert {(int(start, 16), name) for start, size, name in rows if int(size, 16)} == {
        (code.address(name), name) for name in ("tw_a", "tw_b")
    }


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((CALLER,), "calls tw_b, which nothing defines"),
        ((FMOD,), "calls fmodf, which nothing defines"),
        ((CALLER, CALLEE, CALLEE), "tw_b is defined twice, once by 'unit2'"),
        ((WRITABLE,), r"'unit0' has data that can be written, \.data"),
        ((ABSOLUTE,), r"'unit0' has data that can be written, \.data\.rel\.ro"),
    ],
)
def test_refused(texts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CompileError, match=reason):
        link(objects(*texts))


def test_absolute_relocations_are_refused() -> None:
    """As if a compiler had put an address into code: one relocation of the object becomes R_X86_64_64."""
    data = bytearray(compile_object(ADDRESS, replace(host_target(), triple="x86_64-unknown-linux-gnu")))
    section = next(s for s in elf.sections(bytes(data)) if s.type == 4)
    struct.pack_into("<I", data, section.offset + 8, 1)
    with pytest.raises(CompileError, match="a relocation of type 1 can't be in a position-independent image"):
        link({"unit0": bytes(data)} | {"unit1": compile_object(CALLEE, host_target())})


def test_objects_for_different_machines_are_refused() -> None:
    with pytest.raises(CompileError, match="objects for machines"):
        link(objects(CALLER) | {"arm": arm_objects(CALLEE)["unit0"]})


def test_too_far() -> None:
    with pytest.raises(CompileError, match="a relocation of type 2 at byte 0"):
        apply(X86_64, 2, bytearray(8), 0, 1 << 40)
    with pytest.raises(CompileError, match="a branch over"):
        apply(AARCH64, 283, bytearray(8), 0, 1 << 40)


ARM_MAIN = """
define i64 @tw_main() {
  %f = call ptr @tw_address()
  %x = call float %f(float 5.0)
  %y = call float @tw_a(i64 3)
  %z = fadd float %x, %y
  %i = fptosi float %z to i64
  ret i64 %i
}
declare ptr @tw_address()
declare float @tw_a(i64)
"""
_ELF_HEADER, _PROGRAM = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")


def program(image: Image, main: int) -> bytes:
    """The image as a static AArch64 executable that exits with what `main` returns; one segment."""
    base, page, start = 1 << 22, 1 << 16, 256
    header = _ELF_HEADER.pack(b"\x7fELF\2\1\1", 2, AARCH64, 1, base + start, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    size = page + len(image.data)
    segment = _PROGRAM.pack(1, 5, 0, base, base, size, size, page)
    call = 0x94000000 | (page + main - start) >> 2
    entry = struct.pack("<III", call, 0xD2800BA8, 0xD4000001)  # bl main; mov x8, #93; svc #0
    return ((header + segment).ljust(start, b"\0") + entry).ljust(page, b"\0") + image.data


@pytest.mark.skipif(shutil.which("qemu-aarch64") is None, reason="needs qemu-aarch64")
def test_arm_image_runs(tmp_path: Path) -> None:
    image = link(arm_objects(CALLER, CALLEE, ADDRESS, ARM_MAIN))
    path = tmp_path / "program"
    path.write_bytes(program(image, offset(image, "tw_main")))
    path.chmod(0o755)
    assert subprocess.run(["qemu-aarch64", path], check=False).returncode == 15 + 25


@pytest.mark.parametrize(
    ("kind", "before", "place", "value", "after"),
    [  # instructions and distances as an assembler encodes them
        (283, 0x94000000, 0x100, 0x1000, 0x940003C0),  # bl +0xf00
        (282, 0x14000000, 0x1000, 0x100, 0x17FFFC40),  # b -0xf00
        (277, 0x91000000, 0, 0x12345, 0x910D1400),  # add x0, x0, #0x345
        (286, 0xF9400001, 0, 0x1348, 0xF941A401),  # ldr x1, [x0, #0x348]
        (299, 0x3DC00000, 0, 0x1340, 0x3DC0D000),  # ldr q0, [x0, #0x340]
        (312, 0xF9400000, 0, 0x12345, 0x910D1400),  # ldr x0, [x0, got] -> add x0, x0, #0x345
        (280, 0x54000000, 0x10, 0x20, 0x54000080),  # b.eq +0x10
        (261, 0, 0x10, 0x8, 0xFFFFFFF8),
    ],
)
def test_arm_relocations(kind: int, before: int, place: int, value: int, after: int) -> None:
    image = bytearray(0x11000)
    struct.pack_into("<I", image, place, before)
    apply(AARCH64, kind, image, place, value)
    (found,) = struct.unpack_from("<I", image, place)
    assert found == after, f"{found:#x}"


def test_arm_distance_of_pages() -> None:
    """adrp x0: the low two bits of the distance in bits 29 and 30, the others in bits 5 to 23."""
    image = bytearray(0x11000)
    struct.pack_into("<I", image, 0x10FFC, 0x90000000)
    apply(AARCH64, 275, image, 0x10FFC, 0x3008)
    (found,) = struct.unpack_from("<I", image, 0x10FFC)
    assert ((found >> 5 & 0x7FFFF) << 2 | found >> 29 & 3) - (1 << 21) == 0x3 - 0x10
    assert found & 0x9F00001F == 0x90000000
