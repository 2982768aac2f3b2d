"""The C header of an ahead-of-time model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..lowering.c_api_layout import ALIGNMENT, API_ERRORS, WORD_BYTES, ApiModel
from ..lowering.c_api_names import PORT_KINDS
from ..lowering.c_api_ports import c_element
from ..runtime.executable import TensorSpec
from .aot_cpu import cpu_lines
from .targets import TargetModel

_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "alignas alignof auto bool break case char const constexpr continue default do double else enum extern false float for "
        "goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct switch "
        "thread_local true typedef typeof union unsigned void volatile while "
        "and catch class delete explicit friend namespace new not operator or private protected public template this throw try "
        "using virtual xor",
    )
)
"""Words of C and C++ that can't name a parameter."""
_MACROS = frozenset({"NULL", "EOF", "I", "assert", "errno", "linux", "offsetof", "stderr", "stdin", "stdout", "unix"})
"""Nor can what common headers and compilers define as macros."""
_CODE_NAMES = ("BAD_WORKSPACE", "SMALL_WORKSPACE", "NOT_READY", "NULL_ARGUMENT", "BAD_DIMS", "BAD_WEIGHTS", "IN_USE")


def header_text(model: ApiModel, target: TargetModel) -> str:
    """Constants and declarations, with what a caller must know as comments."""
    guard = f"{model.options.prefix.upper()}_H"
    lines = [
        f"/* {_comment(model.version)}; made by tilewright, see docs/ahead-of-time.md */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        *_constants(model),
        *cpu_lines(model.options.prefix, target),
        "",
        *_functions(model),
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        f"#endif /* {guard} */",
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("\n", " ")


# -- constants ----------------------------------------------------------------------------------------------------------------
def _constants(model: ApiModel) -> Iterator[str]:
    name, interface = model.options.prefix.upper(), model.interface
    yield f"#define {name}_THREADS {model.options.threads}"
    yield f"#define {name}_WORKSPACE_ALIGNMENT {ALIGNMENT}"
    if model.table is not None:
        yield f"#define {name}_WORKSPACE_BYTES {model.workspace.total}"
    else:
        yield f"#define {name}_PLAN_BYTES {interface.words * WORD_BYTES}"
        yield f"#define {name}_DIM_COUNT {len(interface.symbols)} /* {_comment(', '.join(interface.symbols))} */"
    if not model.options.embed_weights:
        yield f"#define {name}_WEIGHTS_BYTES {ALIGNMENT + model.weights.size}"
    for code, short in zip(API_ERRORS, _CODE_NAMES, strict=True):
        yield f"#define {name}_{short} ({code}) /* {API_ERRORS[code]} */"
    for kind, specs in zip(PORT_KINDS, (interface.inputs, interface.outputs), strict=True):
        yield f"#define {name}_{kind.upper()}_COUNT {len(specs)}"
        for number, spec in enumerate(specs):
            yield from _port(f"{name}_{kind.upper()}{number}", spec)


def _port(name: str, spec: TensorSpec) -> Iterator[str]:
    dims = " x ".join(map(str, spec.dims)) or "scalar"
    yield f"/* '{_comment(spec.name)}': {spec.dtype.name}, {_comment(dims)} */"
    yield f"#define {name}_RANK {len(spec.dims)}"
    if all(isinstance(dim, int) for dim in spec.dims):
        elements = 1
        for dim in spec.dims:
            elements *= int(dim)
        yield f"#define {name}_ELEMENTS {elements}"
        yield f"#define {name}_BYTES {elements * spec.dtype.itemsize}"


# -- functions ----------------------------------------------------------------------------------------------------------------
def _functions(model: ApiModel) -> Iterator[str]:
    name, planned = model.options.prefix, model.table is None
    extra = [*(["const void *plan"] if planned else []), *_weight_parameters(model)]
    if planned:
        yield "/* Work out shapes and sizes for the dims, in the order above, into PLAN_BYTES bytes; 0 or a status code. */"
        yield f"int32_t {name}_plan(const int64_t *dims, void *plan);"
    yield "/* Bytes that a workspace takes. */"
    yield f"size_t {name}_workspace_bytes({'const void *plan' if planned else 'void'});"
    yield "/* Make a workspace of the caller's memory, aligned to 64 bytes. One run at a time can use it. 0 or a status code. */"
    yield f"int32_t {name}_init({', '.join(['void *workspace', 'size_t bytes', *extra])});"
    yield f"/* {_run_comment(model)} */"
    yield f"int32_t {name}_run({', '.join(['void *workspace', *_parameters(model)])});"
    yield "/* End a workspace, and the threads that it has, before its memory is freed or used anew. */"
    yield f"int32_t {name}_close(void *workspace);"
    yield "/* The shape that an output had in the last run. */"
    yield f"const int64_t *{name}_result_shape(const void *workspace, int32_t number);"
    if not model.options.freestanding:
        yield "/* The same with memory of libc's; null where there is none or the arguments are refused. */"
        yield f"void *{name}_create({', '.join(extra) or 'void'});"
        yield f"void {name}_destroy(void *workspace);"
    yield "/* What a status code means, and what the last run in a workspace returned; never null. */"
    yield f"const char *{name}_error(int32_t code);"
    yield f"const char *{name}_last_error(const void *workspace);"
    yield f"const char *{name}_version(void);"
    yield from _port_functions(name, planned)


def _weight_parameters(model: ApiModel) -> list[str]:
    return [] if model.options.embed_weights else ["const void *weights", "size_t weights_bytes"]


def _run_comment(model: ApiModel) -> str:
    text = "Run the model: inputs, then outputs, as rows of rows. 0 or a status code."
    optional = [spec.name for spec in model.interface.inputs if spec.default is not None]
    if optional:
        text += f" Null is the default of {_comment(', '.join(optional))}."
    if model.interface.grown_outputs:
        text += " Outputs of a size that depends on data are where *array points then, until the next run."
    return text


def _port_functions(name: str, planned: bool) -> Iterator[str]:
    plan = "const void *plan, " if planned else ""
    yield "/* Inputs and outputs by number; null, -1 or 0 for one that isn't there. dtype is ONNX's TensorProto.DataType. */"
    for kind in PORT_KINDS:
        yield f"const char *{name}_{kind}_name(int32_t number);"
        yield f"int32_t {name}_{kind}_dtype(int32_t number);"
        yield f"int32_t {name}_{kind}_rank(int32_t number);"
        yield f"const int64_t *{name}_{kind}_shape({plan}int32_t number);"
        yield f"size_t {name}_{kind}_bytes({plan}int32_t number);"


def _parameters(model: ApiModel) -> Iterator[str]:
    """The arrays that `run` takes, under the names that they have in the model as far as C allows."""
    taken = {"workspace"} | _KEYWORDS | _MACROS
    inputs, grown = len(model.interface.inputs), model.interface.grown_outputs
    for number, spec in enumerate(model.ports):
        name = re.sub(r"[^A-Za-z0-9_]", "_", spec.name) or "array"
        name = f"array_{name}" if name[0].isdigit() else name
        while name in taken:
            name += "_"
        taken.add(name)
        is_grown = number - inputs in grown
        yield f"{'const ' if number < inputs or is_grown else ''}{c_element(spec).c} *{'*' * is_grown}{name}"
