"""Objects and assembly from LLVM IR."""

from __future__ import annotations

import pytest

from tilewright.backends import elf, jit
from tilewright.backends.targets import host_target
from tilewright.errors import CompileError

TEXT = "declare i32 @tw_b(i32)\ndefine i32 @tw_a(i32 %x) {\n  %y = call i32 @tw_b(i32 %x)\n  ret i32 %y\n}\n"


def test_symbols_of_an_object() -> None:
    data = jit.compile_object(TEXT, host_target())
    assert elf.undefined_symbols(data) == {"tw_b"}
    assert "tw_a" in elf.defined_symbols(data)


def test_assembly_names_the_function() -> None:
    assert "tw_a:" in jit.compile_assembly(TEXT, host_target())


def test_not_an_object() -> None:
    with pytest.raises(CompileError, match="not a little-endian ELF64 object"):
        elf.sections(b"junk")
