"""From a module at the llvm stage to an executable: objects from the cache or the code generator, linked into an image."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ..lowering.host_table import STEP
from ..lowering.interface import read_interface
from ..lowering.launch import LAUNCH
from ..passes.target_attr import target_of
from ..runtime.codes import PLAN, RUN
from ..runtime.executable import Executable, Machine, Program, load_program
from .image import link
from .kernel_reuse import KernelReuse
from .llvm_printer import print_llvm_ir
from .object_cache import cached_objects
from .pool_code import POOL_UNIT, pool_object

if TYPE_CHECKING:
    from ..runtime.weights import WeightStore

HOST_FUNCTIONS = (PLAN, RUN, LAUNCH)


def is_host(name: str) -> bool:
    """Whether a function belongs to the host program."""
    return name in HOST_FUNCTIONS or name.startswith(STEP)


def code_units(module: ModuleOp) -> Iterator[tuple[str, list[Operation]]]:
    """The functions that are compiled together: each kernel alone, so that its object can be reused; the host program last."""
    host: list[Operation] = []
    declarations: list[Operation] = []
    for op in module.ops:
        if isinstance(op, llvm.FuncOp) and not is_host(op.sym_name.data):
            declarations.append(llvm.FuncOp(op.sym_name, op.function_type, llvm.LinkageAttr("external")))
            if op.body.blocks:
                yield op.sym_name.data, [op]
        else:
            host.append(op)
    yield "tw_host", [*declarations, *host]


def llvm_ir(module: ModuleOp) -> dict[str, str]:
    """LLVM IR text by unit."""
    target = target_of(module)
    return {name: print_llvm_ir(ops, target) for name, ops in code_units(module)}


def build_program(
    module: ModuleOp, weights: WeightStore, seconds: MutableMapping[str, float], reuse: KernelReuse | None = None
) -> Program:
    """Generate (or find in the cache) the objects of a module at the llvm stage, and link them into an image."""
    target = target_of(module)
    started = time.perf_counter()
    interface = read_interface(module)
    texts = llvm_ir(module)
    seconds["print-llvm"] = time.perf_counter() - started
    started = time.perf_counter()
    made = cached_objects(texts, target)
    if reuse is not None:
        reuse.keep(made)
    objects = made | (reuse.found if reuse is not None else {})
    seconds["generate-code"] = time.perf_counter() - started
    started = time.perf_counter()
    image = link(objects | {POOL_UNIT: pool_object(target)})
    seconds["link"] = time.perf_counter() - started
    return Program(
        interface=interface,
        image=image,
        weights={key: weights[key] for key in dict.fromkeys((*interface.weights, *interface.defaults))},
        machine=Machine(target.name, target.arch, target.cpu_flags),
        statistics={
            "seconds": dict(seconds),
            "objects": len(objects),
            "reused": len(objects) - len(made),
            "code_bytes": len(image.data) - image.code_start,
        },
    )


def load_executable(
    module: ModuleOp, weights: WeightStore, seconds: MutableMapping[str, float], reuse: KernelReuse | None = None
) -> Executable:
    """`build_program`, loaded into this process."""
    return load_program(build_program(module, weights, seconds, reuse))
