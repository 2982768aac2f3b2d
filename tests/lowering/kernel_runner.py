"""Run a kernel function of the kernels stage natively, the way the compiler would, with its buffers in guarded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.parser import Parser

from tilewright.backends.targets import TargetModel, host_target
from tilewright.compiler import make_context
from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.types import element_of, order_of, static_shape
from tilewright.dialects.kernel import UnpackOp
from tilewright.lowering.generalize_kernels import generalize
from tilewright.lowering.kernel_attrs import GRID, SCHEDULE, SCRATCH, dim_attribute, returned, schedule_of, sizes_of
from tilewright.lowering.native import compile_kernel
from tilewright.lowering.packing import pack_array
from tilewright.lowering.rules.base import Rule
from tilewright.runtime.memory import guarded_bytes, guarded_copy
from tilewright.universe import PASSES, TILEWRIGHT_UNIVERSE

Array = NDArray[Any]


def parse_kernel(text: str) -> func.FuncOp:
    """The one function in the text."""
    module = Parser(make_context(), text).parse_module()
    kernel = module.body.block.first_op
    assert isinstance(kernel, func.FuncOp)
    kernel.detach()
    kernel.attributes["kernel.kind"] = StringAttr("kernel")
    return kernel


def run_kernel(kernel: func.FuncOp, rule: Rule, inputs: Sequence[Array], target: TargetModel | None = None) -> Array:
    """Schedule, pack, generalise, lower and run; arrays are in logical dims, row-major, whatever the order of the types."""
    target = target or host_target()
    schedule = rule.schedule(kernel, target)
    assert schedule is not None, "the rule does not apply"
    kernel.attributes[SCHEDULE] = schedule
    orders = [order_of(a) for a in kernel.args]
    result = returned(kernel)[0]
    shape, order, dtype = static_shape(result), order_of(result), numpy_dtype(element_of(result))
    rule.pack(kernel, schedule)
    sizes = [size.value for size in generalize(kernel, [], target)]
    kernel.verify()
    buffers = [_stored(kernel, i, a, orders[i]) for i, a in enumerate(inputs)]
    stored_shape = tuple(shape[axis] for axis in order)
    out = guarded_bytes(int(np.prod(shape)) * dtype.itemsize).view(dtype)
    env = dict(zip(sizes_of(kernel), sizes, strict=True))
    grid, scratch = (dim_attribute(kernel, a).evaluate(env) for a in (GRID, SCRATCH))
    lowered = rule.lower(kernel, schedule_of(kernel), target)
    module = ModuleOp([lowered])
    if "expand-math" in PASSES:
        TILEWRIGHT_UNIVERSE.all_passes["expand-math"]()().apply(Context(), module)
    module.verify()
    compile_kernel(lowered, target)([*buffers, out], sizes, 0, grid, scratch)
    return np.transpose(out.reshape(stored_shape), np.argsort(order))


def _stored(kernel: func.FuncOp, index: int, array: Array, order: Sequence[int]) -> Array:
    unpack = next((u.operation for u in kernel.args[index].uses if isinstance(u.operation, UnpackOp)), None)
    if isinstance(unpack, UnpackOp):
        return guarded_copy(pack_array(unpack.packing, array))
    return guarded_copy(np.ascontiguousarray(np.transpose(array, order)))
