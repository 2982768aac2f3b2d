"""What ahead-of-time compilation writes: an object or shared library, its C header, and the weights where they are beside it."""

from __future__ import annotations

from pathlib import Path

from ..compiler import Compilation
from ..errors import BadOptionError
from ..lowering.c_api_layout import ApiOptions
from ..passes.target_attr import target_of
from ..runtime.files import replacing
from .aot import compile_ahead
from .aot_link import link_shared

Files = dict[Path, bytes | bytearray]


def ahead_files(compilation: Compilation, options: ApiOptions, output: Path, *, shared: bool) -> Files:
    """Content by path: `output`, and the same with the suffixes .h and .weights.

    Raises AheadOfTimeError, CompileError and BadOptionError as `compile_ahead` and `link_shared` do, and BadOptionError for an
    output that is called like the header or the weights.
    """
    names = [output, output.with_suffix(".h"), *([] if options.embed_weights else [output.with_suffix(".weights")])]
    if len(set(names)) != len(names):
        raise BadOptionError(f"'{output.name}' is also the name of the header or of the weights; choose another suffix")
    made = compile_ahead(compilation.module, compilation.session.weights, options)
    target = target_of(compilation.module)
    code = link_shared(made.object, options.prefix, target) if shared else made.object
    return dict(zip(names, (code, made.header.encode(), made.weights or b""), strict=False))


def write_files(files: Files) -> None:
    """Write all, each at once: who runs or maps the former ones keeps those."""
    for path, data in files.items():
        with replacing(path) as file:
            file.write(data)
