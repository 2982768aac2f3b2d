"""``tilewright compile``: a model at any stage, or as native code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import click
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer

from ..api import Compiling, compiled_program
from ..backends import jit
from ..backends.aot import compile_ahead
from ..backends.aot_files import ahead_files, write_files
from ..backends.llvm_printer import print_llvm_ir
from ..backends.load import llvm_ir
from ..backends.object_cache import cached_objects
from ..backends.targets import TargetModel
from ..compiler import STAGES, Compilation, compile_to_ir
from ..errors import BadOptionError
from ..passes.target_attr import target_of
from ..runtime.model_file import write_program
from . import ahead, options
from .progress import progress

NATIVE: dict[str, Callable[[str, TargetModel], str | bytes]] = {
    "ll": lambda text, target: text,
    "asm": jit.compile_assembly,
}
"""Forms after the last stage, from the LLVM IR text of the whole module."""
FORMS = (*(stage.name for stage in STAGES), *NATIVE, *ahead.FORMS)


@click.command()
@options.MODEL
@options.compiling
@click.option("--emit", type=click.Choice(FORMS), help="Write the model in this form.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where --emit writes (else standard output); without --emit, the compiled model, FILE.tw.",
)
@click.option("--dump-ir", type=click.Path(file_okay=False, path_type=Path), help="Folder for one numbered file per stage.")
@ahead.options
def command(
    model: Path,
    target: str | None,
    shapes: tuple[str, ...],
    disabled: tuple[str, ...],
    emit: str | None,
    output: Path | None,
    dump_ir: Path | None,
    prefix: str | None,
    threads: int | None,
    weights: str | None,
    freestanding: bool,
) -> None:
    """Compile MODEL; print what came out or, with --emit, the model in that form. With -o only, write the compiled model.

    tilewright run and bench take compiled models, and tilewright-opt every file that --dump-ir writes. The form obj is an object
    file for C programs and so a shared library, each with a header beside it; c-header is the header alone.
    """
    if emit in ("obj", "so") and output is None:
        raise BadOptionError(f"--emit {emit} needs -o FILE")
    c_api = ahead.api_options(model, emit, prefix, threads, weights, freestanding)
    if emit is None and output is not None:
        return save(model, options.compiling_options(target, shapes, disabled, dump_ir), output)
    until = emit if emit and emit not in (*NATIVE, *ahead.FORMS) else STAGES[-1].name
    chosen = options.compile_options(target, shapes, disabled)
    with progress(f"compiling {model.name}") as say:
        compilation = compile_to_ir(
            model, replace(chosen, until=until, dump_dir=dump_ir, reuse_kernels=emit is None, progress=say)
        )
        say("generating code")
        if c_api is not None and output is not None and emit != "c-header":
            return write_files(ahead_files(compilation, c_api, output, shared=emit == "so"))
        if c_api is not None:
            content = compile_ahead(compilation.module, compilation.session.weights, c_api).header
        else:
            content = emitted(compilation.module, emit) if emit else summary(compilation)
    write(content.encode() if isinstance(content, str) else content, output)


def save(model: Path, how: Compiling, output: Path) -> None:
    """Compile to a file that ``tilewright.load`` takes."""
    with progress(f"compiling {model.name}") as say:
        program = compiled_program(model, **(how | {"progress": say}))
        say(f"writing {output}")
        write_program(program, output)
    machine = program.machine
    click.echo(f"{output}: {output.stat().st_size / 1e6:.1f} MB for {machine.target}")


def emitted(module: ModuleOp, form: str) -> str | bytes:
    """The module as text, or as native code for its target."""
    if form not in NATIVE:
        text = StringIO()
        Printer(stream=text).print_op(module)
        return text.getvalue() + "\n"
    target = target_of(module)
    return NATIVE[form](print_llvm_ir(module, target), target)


def summary(compilation: Compilation) -> str:
    """Number and size of the code units, and where the time went; their objects are in the cache from then on."""
    target = target_of(compilation.module)
    made = cached_objects(llvm_ir(compilation.module), target)
    reused = compilation.reuse.found if compilation.reuse is not None else {}
    if compilation.reuse is not None:
        compilation.reuse.keep(made)
    objects = made | reused
    seconds = ", ".join(f"{name} {value:.2f}" for name, value in compilation.seconds.items() if value >= 0.005)
    size = sum(map(len, objects.values())) / 1024
    kernels = f"{len(objects) - 1} kernels ({len(reused)} of them from the cache)"
    return f"{kernels} for {target.name}, {size:.0f} KiB of objects\nseconds: {seconds}\n"


def write(data: bytes, output: Path | None) -> None:
    """To the file, or to standard output."""
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)
