"""What `tilewright.compile` does, apart from the package's `__init__` so that importing that stays light."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import knobs
from .backends.targets import get_target, runs_here
from .compiler import CompileOptions, compile_program
from .errors import BadOptionError, UnsupportedPlatformError
from .runtime.executable import load_program
from .runtime.session import Session

if TYPE_CHECKING:
    import onnx


def make_options(
    *,
    target: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    disable_pass: Sequence[str] = (),
    strict_math: bool = False,
    dump_ir: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> CompileOptions:
    """How to compile: what the arguments say, and the environment variables of `knobs.py` where they say nothing."""
    return CompileOptions(
        target=target or knobs.target(),
        shapes=shapes,
        disable_passes=(*disable_pass, *knobs.disable_pass()),
        dump_dir=knobs.dump_ir() if dump_ir is None else Path(dump_ir),
        strict_math=strict_math or knobs.strict_math(),
        verify=knobs.verify(),
        progress=progress,
    )


def compile_session(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    *,
    target: str | None = None,
    threads: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    disable_pass: Sequence[str] = (),
    strict_math: bool = False,
    dump_ir: str | os.PathLike[str] | None = None,
    guard: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Session:
    """See `tilewright.compile`."""
    threads = knobs.threads() if threads is None else threads
    if threads is not None and threads < 1:
        raise BadOptionError(f"threads is a positive number or None, got {threads}")
    options = make_options(
        target=target, shapes=shapes, disable_pass=disable_pass, strict_math=strict_math, dump_ir=dump_ir, progress=progress
    )
    model_target = get_target(options.target)
    if not runs_here(model_target):
        raise UnsupportedPlatformError(f"this processor can't run code for '{model_target.name}'")
    return Session(load_program(compile_program(model, options)), threads=threads, guard=guard or knobs.guard())
