"""tilewright: an ONNX compiler on xDSL. Importing it loads nothing of xdsl, onnx or llvmlite."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilewright.registration import register_op, unregister_op
from tilewright.runtime.session import Session

if TYPE_CHECKING:
    import onnx

    from tilewright.inference_session import InferenceSession, RunOptions, SessionOptions

__all__ = [
    "InferenceSession",
    "RunOptions",
    "Session",
    "SessionOptions",
    "compile",
    "emit_object",
    "load",
    "register_op",
    "unregister_op",
]
__version__ = "0.1.0"

_LAZY = ("InferenceSession", "RunOptions", "SessionOptions")


def compile(
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
    """Compile an ONNX model to native code for this machine.

    Args:
        model: path, bytes or ModelProto.
        target: "host" (the default), or the name of a target model that this machine can run, such as "x86-64-v3".
        threads: how many threads share the work of a kernel; None: as many as affinity and the cgroup's quota allow.
        shapes: sizes by input name that pin dynamic dims, such as ``{"x": (1, 3, 224, 224)}``.
        disable_pass: names of passes to leave out.
        strict_math: run no algorithm that rounds differently from the model's sums (Winograd convolution).
        dump_ir: folder for one numbered file per stage.
        guard: end every buffer at a protected page (slow; for tests).
        progress: called with the name of each pass before it runs.

    Environment variables (`knobs.py`) say what the arguments leave open.

    Raises:
        BadModelError, UnsupportedOpError, ShapeError, CompileError, BadOptionError (with UnknownTargetError).
    """
    from tilewright.api import compile_session

    return compile_session(
        model,
        target=target,
        threads=threads,
        shapes=shapes,
        disable_pass=disable_pass,
        strict_math=strict_math,
        dump_ir=dump_ir,
        guard=guard,
        progress=progress,
    )


def load(path: str | os.PathLike[str], *, verify: bool = False, threads: int | None = None, guard: bool = False) -> Session:
    """Load a compiled model, a file that `Session.save` or ``tilewright compile -o`` wrote.

    Args:
        path: the file. Its weights are mapped, so it must not change while the session is in use.
        verify: check the weights too, which reads all of them. Everything else is always checked.
        threads: as for `compile`.
        guard: as for `compile`.

    Raises:
        BadExecutableError: the file is no compiled model, is damaged, or of another format version.
        UnsupportedPlatformError: this machine lacks what the code needs.
        BadOptionError: `threads` is no positive number.
    """
    from tilewright.runtime.loading import load_session

    return load_session(Path(path), verify=verify, threads=threads, guard=guard)


def emit_object(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    output: str | os.PathLike[str],
    *,
    prefix: str | None = None,
    threads: int = 1,
    weights: str = "embedded",
    freestanding: bool = False,
    target: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    disable_pass: Sequence[str] = (),
    strict_math: bool = False,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Compile a model ahead of time: an object file for C programs, or a shared library where `output` ends in ``.so``.

    Args:
        model: as for `compile`.
        output: the object or library; the C header is written beside it with the suffix ``.h``.
        prefix: what the functions' names begin with; by default the model file's name, without a file the output's.
        threads: how many threads run a kernel, the calling one included.
        weights: "embedded" in the object, or "beside" it with the suffix ``.weights``.
        freestanding: need nothing of libc; takes one thread.
        target: as for `compile`, but any: the code need not run on this machine.
        shapes, disable_pass, strict_math, progress: as for `compile`.

    Returns:
        The files that were written: the output, the header, and the weights if they are beside.

    Raises:
        AheadOfTimeError: the model needs Python during a run; names the nodes.
        BadModelError, UnsupportedOpError, ShapeError, CompileError, BadOptionError, OSError.
    """
    from tilewright.api import emit_files

    return emit_files(
        model,
        Path(output),
        prefix=prefix,
        threads=threads,
        weights=weights,
        freestanding=freestanding,
        target=target,
        shapes=shapes,
        disable_pass=disable_pass,
        strict_math=strict_math,
        progress=progress,
    )


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from tilewright import inference_session

        return getattr(inference_session, name)
    raise AttributeError(f"module 'tilewright' has no attribute '{name}'")
