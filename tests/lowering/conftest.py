"""Running loops-stage kernels natively: compiled through upstream MLIR, on buffers that end (or start) at a protected page."""

from __future__ import annotations

import ctypes
import mmap
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType, ModuleOp

from tilewright.backends.targets import TargetModel, get_target

Array = NDArray[Any]
PAGE = mmap.PAGESIZE

_PASSES = (
    "vector-to-scf",
    "scf-to-cf",
    "math-to-llvm",
    "math-to-libm",
    "vector-to-llvm",
    "arith-to-llvm",
    "index-to-llvm",
    "func-to-llvm",
    "cf-to-llvm",
)
_LOWERING = [*(f"--convert-{name}" for name in _PASSES), "--expand-strided-metadata", "--finalize-memref-to-llvm"]


def guarded(array: Array, at_end: bool) -> tuple[Array, mmap.mmap]:
    """A copy of the array that ends right before (or starts right after) a page that faults on access."""
    size = max(array.nbytes, 1)
    pages = -(-size // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, pages + 1):
        assert libc.mprotect(ctypes.c_void_p(base + page * PAGE), PAGE, 0) == 0
    offset = PAGE * (pages + 1) - array.nbytes if at_end else PAGE
    view = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
    view[...] = array
    return view, memory


class NativeKernel:
    """A compiled kernel; call it with its buffers, sizes and slice of the grid."""

    def __init__(self, kernel: func.FuncOp, target: TargetModel) -> None:
        self.inputs = [t for t in kernel.function_type.inputs.data]
        text = str(ModuleOp([kernel.clone()]))
        for tool in (["mlir-opt-19", *_LOWERING, "--reconcile-unrealized-casts"], ["mlir-translate-19", "--mlir-to-llvmir"]):
            done = subprocess.run(tool, input=text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr + text
            text = done.stdout
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(text)
        machine = llvm.Target.from_triple(target.triple).create_target_machine(target.cpu, target.features, opt=2)
        self.engine = llvm.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        arguments: list[Any] = []
        for kind in self.inputs:
            memory = isinstance(kind, MemRefType)
            arguments += [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3] if memory else [ctypes.c_int64]
        address = self.engine.get_function_address(kernel.sym_name.data)
        self.call = ctypes.CFUNCTYPE(ctypes.c_int32, *arguments)(address)

    def __call__(self, buffers: Sequence[Array], sizes: Sequence[int], lo: int, hi: int, scratch: int) -> int:
        words: list[int] = []
        space, _memory = guarded(np.full(scratch, 0xCD, np.uint8), True)
        for buffer in buffers:
            words += [buffer.ctypes.data, buffer.ctypes.data, 0, buffer.size, 1]
        words += [*sizes, space.ctypes.data, space.ctypes.data, 0, scratch, 1, lo, hi]
        return self.call(*words)


@pytest.fixture(params=["x86-64-v4", "x86-64-v3"])
def target(request: pytest.FixtureRequest) -> TargetModel:
    return get_target(request.param)


@pytest.fixture
def native() -> type[NativeKernel]:
    """Compiles a loops-stage function for a target."""
    if shutil.which("mlir-opt-19") is None:
        pytest.skip("needs mlir-opt-19")
    return NativeKernel
