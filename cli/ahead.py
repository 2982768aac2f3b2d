"""Ahead-of-time output of ``tilewright compile``: an object or shared library, its C header, and the weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..backends.aot import default_prefix
from ..errors import BadOptionError
from ..lowering.c_api_layout import ApiOptions

FORMS = ("obj", "so", "c-header")
F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--prefix", help="What the C functions' names begin with; by default the model file's name."),
    click.option("--threads", type=click.IntRange(1), help="Threads that a run of the object or library takes; by default 1."),
    click.option("--weights", type=click.Choice(["embedded", "beside"]), help="In the object (the default), or a file."),
    click.option("--freestanding", is_flag=True, help="Need nothing of libc: the caller brings all memory."),
)


def options(command: F) -> F:
    """--prefix, --threads, --weights, --freestanding."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def api_options(
    model: Path, form: str | None, prefix: str | None, threads: int | None, weights: str | None, freestanding: bool
) -> ApiOptions | None:
    """What the options ask for; None unless a form of this module is. BadOptionError for options that mean nothing then."""
    given = {"--prefix": prefix, "--threads": threads, "--weights": weights, "--freestanding": freestanding}
    if form not in FORMS:
        unused = [name for name, value in given.items() if value]
        if unused:
            raise BadOptionError(f"{unused[0]} goes with --emit {', '.join(FORMS)}")
        return None
    return ApiOptions(
        prefix=default_prefix(model.stem) if prefix is None else prefix,
        threads=threads or 1,
        freestanding=freestanding,
        embed_weights=weights != "beside",
    )
