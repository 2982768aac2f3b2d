"""Ahead-of-time emission: a model at the llvm stage -> one relocatable object, its C header and, if asked for, a file of weights.

The object's only global symbols are the functions of the C interface (`lowering/c_api.py`), all under the model's prefix. What a
session works out before its first run is worked out here: a model without symbolic dims carries its plan as a constant.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp

from ..errors import AheadOfTimeError, BadOptionError
from ..lowering.c_api import add_c_api
from ..lowering.c_api_layout import ALIGNMENT, ApiModel, ApiOptions, WeightLayout, aligned
from ..lowering.c_api_values import weights_symbol
from ..lowering.interface import read_interface, read_slots
from ..passes.target_attr import target_of
from ..runtime.codes import PLAN
from ..runtime.executable import Interface
from ..runtime.host_calls import NodeCall
from ..runtime.image import MappedImage
from ..runtime.memory import address_of
from ..runtime.native.layout import MAX_THREADS
from ..runtime.weights import WeightStore
from .aot_elf import define_data
from .aot_header import header_text
from .image import link
from .llvm_printer import print_llvm_ir
from .object_cache import cached_object
from .targets import host_target

MAX_EMBEDDED = 1 << 30
"""Bytes of weights that the small code model surely reaches beside everything else in a program."""
_MAGIC = b"tilewright weights 1\n".ljust(32, b"\0")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class AheadOfTime:
    """What ahead-of-time compilation makes.

    Attributes:
        object: a relocatable ELF object.
        header: the C header of its functions.
        weights: the content of the file of weights; None where they are part of the object.
    """

    object: bytes | bytearray
    header: str
    weights: bytes | None


def default_prefix(stem: str) -> str:
    """The prefix for a model file's name without its suffix: what C doesn't allow in a name becomes an underscore."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", stem) or "model"
    return f"model_{name}" if name[0].isdigit() or name.startswith("tw") else name


def compile_ahead(module: ModuleOp, weights: WeightStore, options: ApiOptions) -> AheadOfTime:
    """An object of the module, which this changes.

    Raises:
        AheadOfTimeError: the model needs Python during a run; names the nodes.
        BadOptionError: options that don't go together, or a prefix that is no C identifier or is taken.
    """
    _check_options(options)
    interface = read_interface(module)
    slot_bytes, grows = _check_model(module, interface, options)
    layout, content = _gather(weights, interface, options)
    target = target_of(module)
    model = ApiModel(
        interface=interface,
        options=options,
        slot_bytes=slot_bytes,
        grows=grows,
        table=None if interface.symbols else evaluate_plan(module, interface),
        weights=layout,
        version=f"tilewright {version('tilewright')} {target.name}",
    )
    if model.table is not None:
        model.table[model.unknown_words] = -1
    add_c_api(module, model, target.arch)
    code = cached_object(print_llvm_ir(module, target), target)
    if options.embed_weights:
        linked = define_data(code, weights_symbol(model), content, ALIGNMENT) if layout.size else code
        return AheadOfTime(linked, header_text(model, target), None)
    return AheadOfTime(code, header_text(model, target), layout.mark + content)


# -- what can't be -------------------------------------------------------------------------------------------------------------
def _check_options(options: ApiOptions) -> None:
    if not _IDENTIFIER.fullmatch(options.prefix):
        raise BadOptionError(f"the prefix '{options.prefix}' is no C identifier")
    if not 1 <= options.threads <= MAX_THREADS:
        raise BadOptionError(f"threads are 1 to {MAX_THREADS}, got {options.threads}")
    if options.freestanding and options.threads > 1:
        raise BadOptionError("freestanding code has no threads of its own: it takes one thread")


def _check_model(module: ModuleOp, interface: Interface, options: ApiOptions) -> tuple[tuple[int, ...], bool]:
    """The bytes of slots, and whether memory grows; AheadOfTimeError for a model that needs Python, or libc that it has not."""
    hosted = [name for call in interface.calls if isinstance(call, NodeCall) for name in call.names]
    objects = [spec.name for spec in (*interface.inputs, *interface.outputs) if spec.kind]
    if hosted or interface.objects:
        raise AheadOfTimeError("ops on values that are no numeric tensors run in Python", hosted or objects)
    slot_bytes, unbounded = read_slots(module)
    if unbounded and options.freestanding:
        hint = f" (--shape pins {', '.join(interface.symbols)})" if interface.symbols else ""
        raise AheadOfTimeError(f"freestanding code can't get memory whose size only a run can tell{hint}", unbounded)
    return slot_bytes, bool(unbounded)


# -- the plan ------------------------------------------------------------------------------------------------------------------
def evaluate_plan(module: ModuleOp, interface: Interface) -> NDArray[np.int64]:
    """The table of a model without symbolic dims: its `tw_plan`, compiled for this machine whatever the target is, and run."""
    plan = next(op for op in module.ops if isinstance(op, llvm.FuncOp) and op.sym_name.data == PLAN)
    host = host_target()
    code = MappedImage(link({PLAN: cached_object(print_llvm_ir([plan], host), host)}))
    table, dims = np.zeros(interface.words, np.int64), np.zeros(1, np.int64)
    status = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(code.address(PLAN))(
        address_of(dims), address_of(table)
    )
    code.close()
    facts = table[interface.facts_start :]
    known = sum(len(spec.dims) for spec in (*interface.inputs, *interface.outputs)) + len(interface.assumptions)
    if status or (facts[:known] < 0).any():
        raise AheadOfTimeError("the model's only shapes are impossible", [f"plan code {status}"])
    return table


# -- weights -------------------------------------------------------------------------------------------------------------------
def _gather(weights: WeightStore, interface: Interface, options: ApiOptions) -> tuple[WeightLayout, bytearray]:
    """All weights of a run in one block: where each is, and the block."""
    offsets: dict[str, int] = {}
    content = bytearray()
    for key in dict.fromkeys((*interface.weights, *interface.defaults)):
        offsets[key] = len(content)
        content += _bytes(weights[key])
        content += b"\0" * (aligned(len(content)) - len(content))
        weights.release(key)
    if options.embed_weights and len(content) > MAX_EMBEDDED:
        raise BadOptionError(f"{len(content) >> 20} MiB of weights are too many to embed; put them beside the object")
    mark = _MAGIC + hashlib.sha256(content).digest()
    return WeightLayout(offsets, len(content), options.embed_weights, mark), content


def _bytes(array: NDArray[np.generic]) -> memoryview:
    return memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8))  # pyright: ignore[reportArgumentType]  # a buffer


def external_symbols(model_object: bytes) -> Iterator[str]:
    """What an object needs from outside, sorted."""
    from .elf import undefined_symbols

    yield from sorted(undefined_symbols(model_object))
