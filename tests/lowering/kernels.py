"""Running kernels natively, against the reference interpreter, on buffers that end (or start) at a protected page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import evaluate
from xdsl.builder import ImplicitBuilder
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Region, SSAValue

from tilewright.backends.targets import TargetModel, get_target, runs_here
from tilewright.dialects.graph.attrs import DimAttr
from tilewright.dialects.graph.dtypes import element_type, numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of, order_of, tensor, with_order
from tilewright.dialects.kernel import LaunchOp
from tilewright.lowering.choose_schedules import choose_schedule
from tilewright.lowering.expand_math import expand_function
from tilewright.lowering.generalize_kernels import generalize, set_type
from tilewright.lowering.kernel_attrs import dim_attribute
from tilewright.lowering.kernels import rule_of
from tilewright.lowering.native import compile_kernel
from tilewright.passes.verify import verify_module

from .guarded import guarded

Array = NDArray[Any]


class Native:
    """A compiled kernel; its scratch memory ends at a protected page too."""

    def __init__(self, kernel: func.FuncOp, target: TargetModel) -> None:
        kernel.verify()
        expand_function(kernel)
        self.kernel = compile_kernel(kernel, target)

    def __call__(self, buffers: Iterable[Array], sizes: Sequence[int], low: int, high: int, scratch: int = 64) -> None:
        self.kernel(list(buffers), sizes, low, high, scratch)


@dataclass
class Case:
    """A kernel to check: its body built from arguments of these arrays, each stored in an order (None: row-major)."""

    build: Callable[..., SSAValue | Sequence[SSAValue]]
    inputs: Sequence[Array]
    orders: Sequence[Sequence[int] | None] = ()
    rule: str | None = None
    """The rule that must take it."""
    generalize: bool = True
    tolerance: float | None = None
    result_order: Sequence[int] | None = None
    """The memory order of the result, where ops do not infer it."""

    def kernel(self) -> func.FuncOp:
        orders = [*self.orders, *[None] * (len(self.inputs) - len(self.orders))]
        types = [tensor(element_type(x.dtype), x.shape, o) for x, o in zip(self.inputs, orders, strict=True)]
        block = Block(arg_types=types)
        with ImplicitBuilder(block):
            built = self.build(*block.args)
            results = [built] if isinstance(built, SSAValue) else list(built)
            if self.result_order is not None:
                set_type(results[0], with_order(results[0], self.result_order))
            func.ReturnOp(*results)
        kernel = func.FuncOp("tw_k", (types, [r.type for r in results]), Region(block))
        kernel.attributes["kernel.kind"] = StringAttr("kernel")
        return kernel


@dataclass
class Compiled:
    """A kernel that is ready to run, with what a launch of it needs."""

    case: Case
    native: Native
    sizes: list[int]
    cells: int
    scratch: int
    outputs: list[Attribute]
    loops: func.FuncOp

    def run(self, pieces: int = 1, at_end: bool = True) -> list[Array]:
        """Outputs in their logical shapes; the grid is run in so many pieces."""
        kernel = self.case.kernel()
        held: list[Any] = []
        buffers: list[Array] = []
        for value, array in zip(kernel.body.block.args, self.case.inputs, strict=True):
            buffer, memory = guarded(np.ascontiguousarray(array.transpose(order_of(value))), at_end)
            buffers.append(buffer)
            held.append(memory)
        for kind in self.outputs:
            shape = [dims_of(kind)[axis].value for axis in order_of(kind)]
            buffer, memory = guarded(np.full(shape, 77).astype(numpy_dtype(element_of(kind))), at_end)
            buffers.append(buffer)
            held.append(memory)
        bounds = [self.cells * i // pieces for i in range(pieces + 1)]
        for low, high in pairwise(bounds):
            self.native(buffers, self.sizes, low, high, self.scratch)
        results = buffers[len(self.case.inputs) :]
        return [r.transpose(np.argsort(order_of(k))).copy() for r, k in zip(results, self.outputs, strict=True)]


def compile_case(case: Case, target: TargetModel) -> Compiled:
    """Choose a schedule, generalise, lower and compile."""
    kernel = case.kernel()
    outputs = list(kernel.function_type.outputs.data)
    launch = LaunchOp("tw_k", [], [])
    schedule = choose_schedule(kernel, target)
    assert case.rule in (None, schedule.kind.data), f"{schedule} took what {case.rule} should take"
    kernel.attributes["kernel.schedule"] = schedule
    if case.generalize:
        generalize(kernel, [launch], target)
        assert launch.sizes is not None
        sizes = [d.value for d in launch.sizes.data]
    else:
        sizes = []
        kernel.attributes["kernel.grid"] = DimAttr(rule_of(kernel).grid(kernel, schedule, target))
        kernel.attributes["kernel.scratch"] = DimAttr(rule_of(kernel).scratch(kernel, schedule, target))
    environment = {f"d{i}": s for i, s in enumerate(sizes)}
    cells = dim_attribute(kernel, "kernel.grid").evaluate(environment)
    scratch = dim_attribute(kernel, "kernel.scratch").evaluate(environment)
    lowered = rule_of(kernel).lower(kernel, schedule, target)
    verify_module(ModuleOp([lowered.clone()]))
    return Compiled(case, Native(lowered, target), sizes, cells, scratch, outputs, lowered)


def reference(case: Case) -> list[Array]:
    kernel = case.kernel()
    del kernel.attributes["kernel.kind"]
    kernel.sym_name = StringAttr("main")
    return evaluate(ModuleOp([kernel]), list(case.inputs))


def check_case(case: Case, target: TargetModel, pieces: Sequence[int] = (1, 3)) -> Compiled:
    """The kernel gives what the reference interpreter gives, however its grid is cut."""
    compiled = compile_case(case, target)
    expected = reference(case)
    for count, at_end in zip(pieces, (True, False), strict=False):
        for found, wanted in zip(compiled.run(count, at_end), expected, strict=True):
            assert_matches(found, wanted, case.tolerance)
    return compiled


def assert_matches(found: Array, wanted: Array, tolerance: float | None = None) -> None:
    """Integers and booleans equal; floats within a tolerance that goes with their width (1e-5 of the largest for f32)."""
    assert found.shape == wanted.shape and found.dtype == wanted.dtype
    if found.dtype.kind not in "fV":
        np.testing.assert_array_equal(found, wanted)
        return
    default = {2: 1e-2, 4: 1e-5, 8: 1e-12}[found.itemsize]
    a, b = found.astype(np.float64), wanted.astype(np.float64)
    finite = np.abs(b[np.isfinite(b)])
    scale = max(float(finite.max(initial=0.0)), 1e-30)
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=(tolerance or default) * scale)


TARGETS = [get_target(name) for name in ("x86-64-v4", "x86-64-v3") if runs_here(get_target(name))]
targets = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
