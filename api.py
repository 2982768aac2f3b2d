"""What `tilewright.compile` does, apart from the package's `__init__` so that importing that stays light."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .backends.targets import get_target, runs_here
from .compiler import CompileOptions, compile_executable
from .errors import BadOptionError, UnsupportedPlatformError
from .runtime.session import Session

if TYPE_CHECKING:
    import onnx


def compile_session(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    *,
    target: str,
    threads: int | None,
    shapes: Mapping[str, Sequence[int]] | None,
    disable_pass: Sequence[str],
    dump_ir: str | os.PathLike[str] | None,
    guard: bool,
    progress: Callable[[str], None] | None,
) -> Session:
    """See `tilewright.compile`."""
    if threads is not None and threads < 1:
        raise BadOptionError(f"threads is a positive number or None, got {threads}")
    model_target = get_target(target)
    if not runs_here(model_target):
        raise UnsupportedPlatformError(f"this processor can't run code for '{model_target.name}'")
    options = CompileOptions(
        target=target,
        shapes=shapes,
        disable_passes=tuple(disable_pass),
        dump_dir=None if dump_ir is None else Path(dump_ir),
        progress=progress,
    )
    return Session(compile_executable(model, options), guard=guard)
