"""The C interface of an ahead-of-time model, as functions of the llvm dialect; `docs/ahead-of-time.md` describes it.

Nothing mutable is global: all that a run changes lies in a workspace, memory of the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation

from ..errors import BadOptionError
from ..runtime.codes import PLAN
from ..runtime.native.pool import pool_module, stop_function
from .c_api_grow import grow_functions
from .c_api_info import info_functions
from .c_api_layout import ApiModel
from .c_api_memory import memory_functions
from .c_api_names import API_NAMES
from .c_api_run import run_functions
from .c_api_values import constants, declarations


def add_c_api(module: ModuleOp, model: ApiModel, arch: str) -> None:
    """Add the interface to a module at the llvm stage. What was there is no symbol of the object any more.

    Raises BadOptionError for a prefix that makes two functions of one name.
    """
    _check_names(module, model)
    if model.table is not None:
        _drop(module, PLAN)
    functions = [*run_functions(model), *grow_functions(model), *memory_functions(model), *info_functions(model)]
    parts: list[Operation] = [*constants(model), *functions]
    if model.options.threads > 1:
        pool = pool_module(arch)
        internal = [op.clone() for op in pool.ops] + [stop_function(arch)]
        module.body.block.add_ops(internal)
    for op in module.ops:
        if isinstance(op, llvm.FuncOp):
            op.properties["linkage"] = llvm.LinkageAttr("internal")
    module.body.block.add_ops([*parts, *declarations(model)])


def _drop(module: ModuleOp, name: str) -> None:
    for op in list(module.ops):
        if isinstance(op, llvm.FuncOp) and op.sym_name.data == name:
            op.detach()
            op.erase()


def _symbols(module: ModuleOp, model: ApiModel) -> Iterator[Attribute]:
    for op in (*module.ops, *declarations(model)):
        yield op.properties["sym_name"]


def _check_names(module: ModuleOp, model: ApiModel) -> None:
    taken = {str(symbol).strip('"') for symbol in _symbols(module, model)}
    for name in API_NAMES:
        full = f"{model.options.prefix}_{name}"
        if full in taken or full.startswith("tw_"):
            raise BadOptionError(f"with the prefix '{model.options.prefix}' a function would be called '{full}', which is taken")
