"""Linking objects into the process."""

from __future__ import annotations

import ctypes

import pytest

from tilewright.backends import jit
from tilewright.backends.elf import defined_symbols, undefined_symbols
from tilewright.backends.targets import host_target
from tilewright.errors import CompileError

CALLER = "declare i32 @tw_b(i32)\ndefine i32 @tw_a(i32 %x) {\n  %y = call i32 @tw_b(i32 %x)\n  ret i32 %y\n}\n"
CALLEE = "define i32 @tw_b(i32 %x) {\n  %y = add i32 %x, 1\n  ret i32 %y\n}\n"
FMOD = "define float @tw_f(float %x) {\n  %y = frem float %x, 3.0\n  ret float %y\n}\n"


def test_objects_call_each_other() -> None:
    target = host_target()
    objects = [jit.compile_object(text, target) for text in (CALLER, CALLEE)]
    assert undefined_symbols(objects[0]) == {"tw_b"}
    assert "tw_b" in defined_symbols(objects[1])
    code = jit.load(objects, target)
    assert ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32)(code.address("tw_a"))(41) == 42
    with pytest.raises(KeyError):
        code.address("tw_c")
    code.close()


@pytest.mark.parametrize(("text", "name"), [(CALLER, "tw_b"), (FMOD, "fmodf")])
def test_missing_symbols_are_an_error(text: str, name: str) -> None:
    """A name that nothing defines would end the process in LLVM; one that libc has would be bound to it."""
    with pytest.raises(CompileError, match=f"calls {name}, which nothing defines"):
        jit.load([jit.compile_object(text, host_target())], host_target())


def test_not_an_object() -> None:
    with pytest.raises(CompileError, match="not a little-endian ELF64 object"):
        jit.load([b"junk"], host_target())
