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

__all__ = ["InferenceSession", "RunOptions", "Session", "SessionOptions", "compile", "load", "register_op", "unregister_op"]
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


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from tilewright import inference_session

        return getattr(inference_session, name)
    raise AttributeError(f"module 'tilewright' has no attribute '{name}'")
