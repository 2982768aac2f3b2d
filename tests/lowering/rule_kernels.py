"""Running a kernel of the kernels stage through its schedule rule, natively, on guarded buffers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reference import evaluate
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, FunctionType, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects.graph.dims import DimExpr
from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of, order_of
from tilewright.dialects.kernel import ScheduleAttr, UnpackOp
from tilewright.lowering.native import NativeKernel, compile_kernel
from tilewright.lowering.packing import pack_array
from tilewright.lowering.rules.base import Rule
from tilewright.universe import TILEWRIGHT_UNIVERSE

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
class Prepared:
    """A kernel compiled under its schedule, to be run on logical arrays of any sizes that its types allow."""

    original: func.FuncOp
    """The kernel before its operands were packed."""
    kernel: func.FuncOp
    schedule: ScheduleAttr
    lowered: func.FuncOp
    native: NativeKernel
    grid: DimExpr
    scratch: DimExpr

    @property
    def logical(self) -> list[Attribute]:
        """The types of its arguments before packing."""
        return list(self.original.function_type.inputs.data)

    def reference(self, arrays: Sequence[Array]) -> Array:
        """The result by the reference interpreter."""
        return reference(self.original, arrays)

    def run(self, arrays: Sequence[Array], sizes: Mapping[str, int] | None = None, slices: int = 1, at_end: bool = True) -> Array:
        """The result on guarded buffers and scratch, the grid cut into `slices` calls."""
        sizes = sizes or {}
        stored = [_stored(a, array) for a, array in zip(self.kernel.body.block.args, arrays, strict=True)]
        memory = [guarded(array, at_end) for array in stored]
        returned = self.kernel.body.block.last_op
        assert returned is not None
        result = returned.operands[0]
        order, shape = order_of(result), [d.evaluate(sizes) for d in dims_of(result)]
        memory.append(guarded(np.full([shape[i] for i in order], 77, numpy_dtype(element_of(result))), at_end))
        memory.append(guarded(np.full(self.scratch.evaluate(sizes), 0xFF, np.uint8), True))
        grid = self.grid.evaluate(sizes)
        for part in range(slices):
            low, high = grid * part // slices, grid * (part + 1) // slices
            assert self.native.bind([m[0] for m in memory[:-1]], list(sizes.values()), low, high, memory[-1][0])() == 0
        return memory[-2][0].transpose(np.argsort(order)).copy()


@dataclass
class Run:
    """What a rule made of a kernel, and what it computed."""

    schedule: ScheduleAttr
    lowered: func.FuncOp
    result: Array


def to_memory(value: SSAValue | Attribute, array: Array) -> Array:
    """The bytes of a logical array in the memory order of its type."""
    return np.ascontiguousarray(array.transpose(order_of(value)))


def prepare(
    rule: Rule, kernel: func.FuncOp, target: TargetModel, schedule: ScheduleAttr | None = None, sizes: Sequence[str] = ()
) -> Prepared:
    """Schedule, pack, lower and compile a kernel whose types have these symbols."""
    schedule = schedule or rule.schedule(kernel, target)
    assert schedule is not None
    original = kernel.clone()
    rule.pack(kernel, schedule)
    kernel.attributes["kernel.sizes"] = ArrayAttr([StringAttr(s) for s in sizes])
    lowered = rule.lower(kernel, schedule, target)
    expand_math(lowered)
    grid, scratch = rule.grid(kernel, schedule, target), rule.scratch(kernel, schedule, target)
    return Prepared(original, kernel, schedule, lowered, compile_kernel(lowered, target), grid, scratch)


def expand_math(function: func.FuncOp) -> None:
    """Turn `math` ops of a function into arithmetic, in place."""
    module = ModuleOp([function])
    TILEWRIGHT_UNIVERSE.all_passes["expand-math"]()().apply(Context(), module)
    function.detach()


def run_rule(
    rule: Rule,
    kernel: func.FuncOp,
    arrays: Sequence[Array],
    target: TargetModel,
    *,
    schedule: ScheduleAttr | None = None,
    slices: int = 1,
    at_end: bool = True,
) -> Run:
    """Compile and run a kernel of static shape on logical arrays."""
    prepared = prepare(rule, kernel, target, schedule)
    return Run(prepared.schedule, prepared.lowered, prepared.run(arrays, None, slices, at_end))


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
