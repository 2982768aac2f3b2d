"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..api import Compiling, make_options
from ..errors import BadOptionError
from .arrays import parse_pairs

if TYPE_CHECKING:
    from ..compiler import CompileOptions

F = TypeVar("F", bound=Callable[..., Any])

MODEL = click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))

_STRICT = "tilewright.strict_math"


def _keep_strict(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_STRICT] = value


def strict_math() -> bool:
    """Whether the command under way was called with --strict-math."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_STRICT))


_COMPILING = (
    click.option("--target", help="Processor to compile for; by default this machine's."),
    click.option("--shape", "shapes", multiple=True, metavar="NAME=1,3,224,224", help="Pin an input's dims; may be repeated."),
    click.option("--disable-pass", "disabled", multiple=True, metavar="NAME", help="Leave out a pass; may be repeated."),
    click.option(
        "--strict-math",
        is_flag=True,
        expose_value=False,
        callback=_keep_strict,
        help="Round as the model's own sums do: no Winograd convolution.",
    ),
)

_INPUTS = (
    click.option("--input", "inputs", multiple=True, metavar="[NAME=]FILE", help="NAME=x.npy, or an .npz; may be repeated."),
    click.option("--dim", "dims", multiple=True, metavar="SYMBOL=N", help="Size of a symbolic dim of random inputs (else 1)."),
    click.option("--seed", default=0, show_default=True, help="Of the random inputs."),
)

THREADS = click.option("--threads", type=click.IntRange(1), help="Threads of a run; by default what affinity and quota allow.")


def _all(options: Sequence[Callable[[F], F]], command: F) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def compiling(command: F) -> F:
    """--target, --shape, --disable-pass, --strict-math."""
    return _all(_COMPILING, command)


def inputs(command: F) -> F:
    """--input, --dim, --seed."""
    return _all(_INPUTS, command)


def compiling_options(
    target: str | None, shapes: Sequence[str], disabled: Sequence[str], dump_ir: Path | None = None
) -> Compiling:
    """What the options of ``compiling`` ask for."""
    return {
        "target": target,
        "shapes": dim_lists("--shape", shapes),
        "disable_pass": disabled,
        "strict_math": strict_math(),
        "dump_ir": dump_ir,
    }


def compile_options(target: str | None, shapes: Sequence[str], disabled: Sequence[str]) -> CompileOptions:
    """The same as the compiler takes it."""
    return make_options(**compiling_options(target, shapes, disabled))


def dim_lists(option: str, pairs: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """``["x=1,3,8,8"]`` -> ``{"x": (1, 3, 8, 8)}``. BadOptionError for anything but numbers."""
    return {name: _dims(option, text) for name, text in parse_pairs(option, pairs).items()}


def numbers(option: str, pairs: Sequence[str]) -> dict[str, int]:
    """``["batch=4"]`` -> ``{"batch": 4}``."""
    return {name: dims[0] for name, dims in dim_lists(option, pairs).items()}


def _dims(option: str, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise BadOptionError(f"{option}: expected numbers, got '{text}'")
    return tuple(int(part) for part in parts)


def split_inputs(values: Sequence[str]) -> tuple[list[Path], Mapping[str, Path]]:
    """The archives among --input's values, and the named arrays."""
    archives = [Path(value) for value in values if "=" not in value]
    return archives, {name: Path(path) for name, path in parse_pairs("--input", [v for v in values if "=" in v]).items()}
