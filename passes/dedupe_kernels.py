"""`dedupe-kernels`: merge kernels that are equal up to their names and where they came from."""

from __future__ import annotations

import io
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.passes import ModulePass
from xdsl.printer import Printer

from ..lowering.kernel_attrs import kernels_of, launches_of


@dataclass(frozen=True)
class DedupeKernelsPass(ModulePass):
    """Keep the first of equal kernels and launch it everywhere."""

    name = "dedupe-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        launches = launches_of(op)
        first: dict[str, str] = {}
        for kernel in kernels_of(op):
            name = kernel.sym_name.data
            kept = first.setdefault(structural_key(kernel), name)
            if kept == name:
                continue
            for launch in launches.get(name, []):
                launch.properties["callee"] = SymbolRefAttr(kept)
            kernel.detach()
            kernel.erase()


def structural_key(kernel: func.FuncOp) -> str:
    """The kernel's text with its name, value names and locations left out."""
    name = kernel.sym_name
    kernel.properties["sym_name"] = StringAttr("kernel")
    text = io.StringIO()
    printer = Printer(stream=text, print_generic_format=False)
    printer.print_op(_unnamed(kernel))
    kernel.properties["sym_name"] = name
    return text.getvalue()


def _unnamed(kernel: func.FuncOp) -> func.FuncOp:
    for block in kernel.body.blocks:
        for value in [*block.args, *(r for op in block.ops for r in op.results)]:
            value.name_hint = None
    return kernel
