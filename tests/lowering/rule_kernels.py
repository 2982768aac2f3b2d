"""Running a kernel of the kernels stage through its schedule rule, natively, on guarded buffers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reference import evaluate
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, FunctionType, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of, order_of
from tilewright.dialects.kernel import ScheduleAttr, UnpackOp
from tilewright.lowering.native import compile_kernel
from tilewright.lowering.packing import pack_array
from tilewright.lowering.rules.base import Rule

from .guarded import guarded

Array = NDArray[Any]
Build = Callable[[Sequence[SSAValue]], Sequence[Operation]]


def make_kernel(types: Sequence[Attribute], build: Build, name: str = "tw_k") -> func.FuncOp:
    """A kernel whose body are the ops that `build` makes of the arguments; the last one's result is returned."""
    block = Block(arg_types=types)
    ops = build(block.args)
    block.add_ops([*ops, func.ReturnOp(ops[-1].results[0])])
    return func.FuncOp(name, FunctionType.from_lists(list(types), [ops[-1].results[0].type]), Region(block))


@dataclass
class Run:
    """What a rule made of a kernel, and what it computed."""

    schedule: ScheduleAttr
    lowered: func.FuncOp
    result: Array


def to_memory(value: SSAValue | Attribute, array: Array) -> Array:
    """The bytes of a logical array in the memory order of its type."""
    return np.ascontiguousarray(array.transpose(order_of(value)))


def run_rule(
    rule: Rule,
    kernel: func.FuncOp,
    arrays: Sequence[Array],
    target: TargetModel,
    *,
    sizes: Mapping[str, int] | None = None,
    schedule: ScheduleAttr | None = None,
    slices: int = 1,
    at_end: bool = True,
) -> Run:
    """Schedule, pack, lower, compile and run a kernel on logical arrays, its grid cut into `slices` calls."""
    sizes = sizes or {}
    schedule = schedule or rule.schedule(kernel, target)
    assert schedule is not None
    rule.pack(kernel, schedule)
    kernel.attributes["kernel.sizes"] = ArrayAttr([StringAttr(s) for s in sizes])
    memory: list[Any] = [guarded(_stored(a, array), at_end) for a, array in zip(kernel.body.block.args, arrays, strict=True)]
    returned = kernel.body.block.last_op
    assert returned is not None
    result = returned.operands[0]
    shape = [d.evaluate(sizes) for d in dims_of(result)]
    order = order_of(result)
    memory.append(guarded(np.full([shape[i] for i in order], 77, numpy_dtype(element_of(result))), at_end))
    lowered = rule.lower(kernel, schedule, target)
    grid = rule.grid(kernel, schedule, target).evaluate(sizes)
    scratch = rule.scratch(kernel, schedule, target).evaluate(sizes)
    native = compile_kernel(lowered, target)
    for part in range(slices):
        low, high = grid * part // slices, grid * (part + 1) // slices
        native([m[0] for m in memory], list(sizes.values()), low, high, scratch)
    out = memory[-1][0].transpose(np.argsort(order)).copy()
    return Run(schedule, lowered, out)


def _stored(argument: SSAValue, array: Array) -> Array:
    unpack = next((u.operation for u in argument.uses if isinstance(u.operation, UnpackOp)), None)
    return to_memory(argument, array) if unpack is None else pack_array(unpack.packing, array)


def reference(kernel: func.FuncOp, arrays: Sequence[Array]) -> Array:
    """The kernel by the reference interpreter; call it before packing."""
    module = ModuleOp([kernel.clone()])
    return evaluate(module, list(arrays), None, kernel.sym_name.data)[0]


def assert_close(found: Array, expected: Array, tolerance: float = 1e-5) -> None:
    """max|a - b| <= tolerance * max|b|, with a floor for results that are all small."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    scale = max(float(np.max(np.abs(expected), initial=0)), 1e-3)
    error = float(np.max(np.abs(found - expected), initial=0)) / scale
    assert error <= tolerance and not math.isnan(error), f"relative error {error}"
