"""The loops-stage function of a kernel with one result, before its loops."""

from __future__ import annotations

from xdsl.dialects import func
from xdsl.ir import SSAValue

from ...dialects.graph.types import element_of
from ..builder import KernelBuilder
from ..kernel_attrs import sizes_of


def opened(kernel: func.FuncOp, result: SSAValue) -> tuple[KernelBuilder, dict[SSAValue, SSAValue]]:
    """A builder of the function, and its buffers by the kernel's arguments and result."""
    values = [*kernel.body.block.args, result]
    builder = KernelBuilder(kernel.sym_name.data, [element_of(v) for v in values], sizes_of(kernel))
    return builder, dict(zip(values, builder.buffers, strict=True))
