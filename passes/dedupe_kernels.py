"""`dedupe-kernels`: merge kernels that are equal up to their names and where they came from.

The one that is kept is named after its content, `tw_conv_relu_1f0c9a2b4d`, so that equal kernels of different models have the
same name and the same object code.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.passes import ModulePass
from xdsl.printer import Printer

from ..lowering.kernel_attrs import ESTIMATES, kernels_of, launches_of

HASH_DIGITS = 10


@dataclass(frozen=True)
class DedupeKernelsPass(ModulePass):
    """Keep the first of equal kernels and launch it everywhere."""

    name = "dedupe-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        launches = launches_of(op)
        kept: dict[str, func.FuncOp] = {}
        for kernel in kernels_of(op):
            name = kernel.sym_name.data
            content = content_name(kernel)
            for launch in launches.get(name, []):
                launch.properties["callee"] = SymbolRefAttr(content)
            if kept.setdefault(content, kernel) is kernel:
                kernel.properties["sym_name"] = StringAttr(content)
            else:
                kernel.detach()
                kernel.erase()


def content_name(kernel: func.FuncOp) -> str:
    """`tw_`, what the kernel does, and a hash of everything that decides its code but the target."""
    digest = hashlib.sha256(structural_key(kernel).encode()).hexdigest()[:HASH_DIGITS]
    words = re.sub(r"^tw_(k\d+|pack\d+)?_?", "", kernel.sym_name.data)
    return "_".join(["tw", *([words] if words else []), digest])


def structural_key(kernel: func.FuncOp) -> str:
    """The kernel's text with its name, value names, locations and cost estimates left out."""
    name = kernel.sym_name
    estimated = kernel.attributes.pop(ESTIMATES, None)
    kernel.properties["sym_name"] = StringAttr("kernel")
    text = io.StringIO()
    printer = Printer(stream=text, print_generic_format=False)
    printer.print_op(_unnamed(kernel))
    kernel.properties["sym_name"] = name
    if estimated is not None:
        kernel.attributes[ESTIMATES] = estimated
    return text.getvalue()


def _unnamed(kernel: func.FuncOp) -> func.FuncOp:
    for block in kernel.body.blocks:
        for value in [*block.args, *(r for op in block.ops for r in op.results)]:
            value.name_hint = None
    return kernel
