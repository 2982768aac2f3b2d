"""What `tilewright.compile` does, apart from the package's `__init__` so that importing that stays light."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from . import knobs
from .backends.executable_cache import executable_key, find_program, keep_program
from .backends.targets import get_target, runs_here
from .errors import BadOptionError, UnsupportedPlatformError
from .runtime.executable import Program
from .runtime.loading import checked_threads, open_program
from .runtime.session import Session

if TYPE_CHECKING:
    import onnx

    from .compiler import CompileOptions


class Compiling(TypedDict, total=False):
    """How to compile; see `tilewright.compile`."""

    target: str | None
    shapes: Mapping[str, Sequence[int]] | None
    disable_pass: Sequence[str]
    strict_math: bool
    dump_ir: str | os.PathLike[str] | None
    progress: Callable[[str], None] | None


def check_arguments(how: Compiling) -> None:
    """Raise BadOptionError for what a sequence was meant to be and isn't: a text is one of letters."""
    passes = how.get("disable_pass", ())
    if isinstance(passes, str):
        raise BadOptionError(f"disable_pass is a sequence of names, got the text '{passes}'")
    for name, dims in (how.get("shapes") or {}).items():
        try:
            for dim in dims:
                operator.index(dim)
        except TypeError:
            raise BadOptionError(f"shapes['{name}'] is a sequence of whole numbers, got {dims!r}") from None


def make_options(**how: Unpack[Compiling]) -> CompileOptions:
    """How to compile: what the arguments say, and the environment variables of `knobs.py` where they say nothing."""
    from .compiler import CompileOptions

    check_arguments(how)
    dump_ir = how.get("dump_ir")
    return CompileOptions(
        target=how.get("target") or knobs.target(),
        shapes=how.get("shapes"),
        disable_passes=(*how.get("disable_pass", ()), *knobs.disable_pass()),
        dump_dir=knobs.dump_ir() if dump_ir is None else Path(dump_ir),
        strict_math=how.get("strict_math", False) or knobs.strict_math(),
        verify=knobs.verify(),
        progress=how.get("progress"),
    )


def compile_session(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    *,
    threads: int | None = None,
    guard: bool = False,
    **how: Unpack[Compiling],
) -> Session:
    """See `tilewright.compile`."""
    threads = checked_threads(threads)
    target = get_target(how.get("target") or knobs.target())
    if not runs_here(target):
        raise UnsupportedPlatformError(f"this processor can't run code for '{target.name}'")
    return open_program(compiled_program(model, **how), threads=threads, guard=guard)


def compiled_program(model: str | os.PathLike[str] | bytes | onnx.ModelProto, **how: Unpack[Compiling]) -> Program:
    """A compiled model, from the cache where it was compiled before; xdsl, onnx and llvmlite are loaded only if it wasn't.

    Where IR is to be written or verified, or the rewrites are limited, it is always compiled.
    """
    check_arguments(how)
    always = how.get("dump_ir") or knobs.dump_ir() or knobs.verify() or knobs.rewrite_limit() is not None
    key = None if always else _key(model, **how)
    program = None if key is None else find_program(key)
    if program is None:
        from .compiler import compile_program

        program = compile_program(model, make_options(**how))
        if key is not None and (not isinstance(model, str | os.PathLike) or key == _key(model, **how)):  # not replaced since
            keep_program(key, program)
    return program


def emit_files(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    output: Path,
    *,
    prefix: str | None,
    threads: int,
    weights: str,
    freestanding: bool,
    **how: Unpack[Compiling],
) -> list[Path]:
    """See `tilewright.emit_object`."""
    from dataclasses import replace

    from .backends.aot import default_prefix
    from .backends.aot_files import ahead_files, write_files
    from .compiler import compile_to_ir
    from .lowering.c_api_layout import ApiOptions

    if weights not in ("embedded", "beside"):
        raise BadOptionError(f"weights are 'embedded' or 'beside', got '{weights}'")
    stem = Path(model).stem if isinstance(model, str | os.PathLike) else output.stem
    chosen = ApiOptions(default_prefix(stem) if prefix is None else prefix, threads, freestanding, weights == "embedded")
    compilation = compile_to_ir(model, replace(make_options(**how), reuse_kernels=False))
    files = ahead_files(compilation, chosen, output, shared=output.suffix == ".so")
    write_files(files)
    return list(files)


def _key(model: str | os.PathLike[str] | bytes | onnx.ModelProto, **how: Unpack[Compiling]) -> str | None:
    return executable_key(
        model,
        target=get_target(how.get("target") or knobs.target()).name,
        shapes=how.get("shapes"),
        disable_pass=(*how.get("disable_pass", ()), *knobs.disable_pass()),
        strict_math=how.get("strict_math", False) or knobs.strict_math(),
    )
