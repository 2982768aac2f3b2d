"""Sessions and their inputs, as commands ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from .. import knobs
from ..api import compile_session
from ..backends.load import load_executable
from ..compiler import make_context
from ..errors import BadModelError, BadOptionError
from ..runtime.executable import Executable, TensorSpec
from ..runtime.loading import load_session
from ..runtime.session import Session
from ..runtime.weights import WeightStore
from . import options
from .arrays import Arrays, load_arrays, random_arrays
from .progress import progress

if TYPE_CHECKING:
    import onnx

COMPILED = ".tw"
"""The end of the names of compiled models."""


def open_session(
    model: Path | onnx.ModelProto,
    target: str | None,
    shapes: Sequence[str] = (),
    disabled: Sequence[str] = (),
    threads: int | None = None,
) -> Session:
    """Compile ``model``, showing the pass at work where standard error is a terminal.

    A .mlir file must be at the llvm stage. A .tw file is compiled already.
    """
    if is_compiled(model):
        if target or shapes or disabled or options.strict_math():
            late = "--target, --shape, --disable-pass and --strict-math come too late"
            raise BadOptionError(f"{model} is compiled already: {late}")
        return load_session(Path(str(model)), threads=threads)
    if isinstance(model, Path) and model.suffix == ".mlir":
        return Session(load_llvm_stage(model), threads=threads or knobs.threads(), guard=knobs.guard())
    name = model.name if isinstance(model, Path) else model.graph.name
    with progress(f"compiling {name}") as say:
        return compile_session(
            model,
            target=target,
            threads=threads,
            shapes=options.dim_lists("--shape", shapes),
            disable_pass=disabled,
            strict_math=options.strict_math(),
            progress=say,
        )


def is_compiled(model: object) -> bool:
    """Whether this is the path of a compiled model."""
    return isinstance(model, Path) and model.suffix == COMPILED


def load_llvm_stage(path: Path) -> Executable:
    """Native code from a file at the llvm stage, with the weights in its folder.

    Raises BadModelError for a file that can't be parsed, CompileError for one at an earlier stage.
    """
    try:
        module = Parser(make_context(), path.read_text(), str(path)).parse_module()
    except (ParseError, VerifyException) as error:
        raise BadModelError(str(error)) from error
    weights = WeightStore.load(path.parent) if (path.parent / "weights.json").exists() else WeightStore()
    return load_executable(module, weights, {})


def take_inputs(specs: Sequence[TensorSpec], inputs: Sequence[str], dims: Sequence[str], seed: int) -> Arrays:
    """The arrays named by --input, and random ones for the others that have no default.

    Symbols in the shapes of the latter take the sizes that they have in the former.
    """
    given = load_arrays(*options.split_inputs(inputs))
    sizes = options.numbers("--dim", dims)
    for spec in specs:
        if spec.name in given:
            pairs = zip(spec.shape, given[spec.name].shape, strict=False)
            sizes |= {dim: size for dim, size in pairs if isinstance(dim, str)}
    missing = [spec for spec in specs if spec.name not in given and spec.default is None]
    return given | random_arrays(missing, sizes, seed)
