"""Running loops-stage kernels natively, on buffers that end (or start) at a protected page."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import func, vector
from xdsl.dialects.builtin import FunctionType, f32, f64
from xdsl.ir import Block, Operation, Region, SSAValue

from tilewright.backends.llvm_printer import print_llvm_ir
from tilewright.backends.targets import TargetModel, get_target
from tilewright.dialects.arith import element_of
from tilewright.lowering.native import NativeKernel
from tilewright.lowering.to_llvm import lower_function
from tilewright.lowering.to_llvm.math_ops import HANDLERS
from tilewright.lowering.values import lanes_of

Array = NDArray[Any]
PAGE = mmap.PAGESIZE


def guarded(array: Array, at_end: bool) -> tuple[Array, mmap.mmap]:
    """A copy of the array that ends right before (or starts right after) a page that faults on access."""
    pages = -(-max(array.nbytes, 1) // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, pages + 1):
        assert libc.mprotect(ctypes.c_void_p(base + page * PAGE), PAGE, 0) == 0
    offset = PAGE * (pages + 1) - array.nbytes if at_end else PAGE
    view = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
    view[...] = array
    return view, memory


_LIBM = {"absf": "fabs", "powf": "pow"}


def _libm_calls(kernel: func.FuncOp) -> list[func.FuncOp]:
    """Replace `math` ops without an instruction by calls of libm, lane by lane; returns the declarations."""
    declared: dict[str, func.FuncOp] = {}
    for op in list(kernel.walk()):
        if op.name.startswith("math.") and op.name not in HANDLERS:
            _replace(op, declared)
    return list(declared.values())


def _replace(op: Operation, declared: dict[str, func.FuncOp]) -> None:
    lanes = lanes_of(op.results[0])
    element = element_of(op.results[0].type)
    base = op.name.removeprefix("math.")
    name = _LIBM.get(base, base) + ("f" if element == f32 else "")
    assert element in (f32, f64)
    block = op.parent
    assert isinstance(block, Block)
    signature = FunctionType.from_lists([element] * len(op.operands), [element])
    declared.setdefault(name, func.FuncOp(name, signature, Region(), visibility="private"))

    def call(operands: Sequence[SSAValue]) -> SSAValue:
        made = func.CallOp(name, list(operands), [element])
        block.insert_op_before(made, op)
        return made.results[0]

    if not lanes:
        result = call(op.operands)
    else:
        result = op.operands[0]
        for lane in range(lanes):
            parts: list[Operation] = [vector.ExtractOp(o, [lane], element) for o in op.operands]
            block.insert_ops_before(parts, op)
            insert = vector.InsertOp(call([p.results[0] for p in parts]), result, [lane])
            block.insert_op_before(insert, op)
            result = insert.result
    op.results[0].replace_all_uses_with(result)
    block.erase_op(op)


class Native:
    """A compiled kernel; its scratch memory ends at a protected page too."""

    def __init__(self, kernel: func.FuncOp, target: TargetModel) -> None:
        kernel.verify()
        declarations = _libm_calls(kernel)
        functions = [lower_function(f, target) for f in (*declarations, kernel)]
        self.kernel = NativeKernel(print_llvm_ir(functions, target), kernel.sym_name.data, target)

    def __call__(self, buffers: Iterable[Array], sizes: Sequence[int], low: int, high: int, scratch: int = 64) -> None:
        self.kernel(list(buffers), sizes, low, high, scratch)


@pytest.fixture(params=["x86-64-v4", "x86-64-v3"])
def target(request: pytest.FixtureRequest) -> TargetModel:
    return get_target(request.param)


@pytest.fixture
def native() -> type[Native]:
    """Compiles a loops-stage function for a target."""
    return Native
