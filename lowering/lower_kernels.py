"""`lower-kernels`: every kernel becomes loops on buffers, by the rule that its schedule names."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ..passes.target_attr import target_of
from .kernel_attrs import kernels_of, schedule_of
from .kernels import rule_of


@dataclass(frozen=True)
class LowerKernelsPass(ModulePass):
    """Tensor-level kernels -> loops-stage functions. The program's invocations keep naming the kernel."""

    name = "lower-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        for kernel in kernels_of(op):
            lowered = rule_of(kernel).lower(kernel, schedule_of(kernel), target)
            lowered.location = kernel.location
            op.body.block.insert_op_before(lowered, kernel)
            kernel.detach()
            kernel.erase()
